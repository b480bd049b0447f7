// The shapes of the parameters.

@export()
@description('A backup vault, and what its own identity must be able to do: the vault writes the disks, not the app.')
type backupVault = {
  @description('ARM id of the backup vault, in whatever subscription and resource group it lies.')
  id: string

  @description('ARM ids of the resource groups into which its disks may be restored. Each gets a rule of RESTORE_ALLOW, unless the settings say otherwise, and the vault may write there.')
  targetGroupIds: string[]?

  @description('ARM ids of the resource groups that hold its snapshots. Azure Backup grants the vault its role there when a backup is configured; name them only where it is missing.')
  snapshotGroupIds: string[]?

  @description('Object ids of the vault\'s user-assigned identities. Where some are named, the system-assigned one gets nothing, unless useSystemAssigned says so.')
  userAssignedPrincipalIds: string[]?

  @description('Whether the vault\'s system-assigned identity gets the roles. Without it: if no user-assigned one is named.')
  useSystemAssigned: bool?
}

@export()
@description('Somebody who gets a right: its object id in Entra, and what it is.')
type principal = {
  @description('The object id: of a service principal, not of its app registration.')
  id: string

  type: 'User' | 'Group' | 'ServicePrincipal'
}

@export()
@description('Names, where the ones that are made of name, environment and subscription do not fit.')
type names = {
  group: string?

  @description('3 to 24 of a-z and 0-9, unique in the world.')
  storage: string?

  @description('Unique in the world.')
  app: string?

  plan: string?
  identity: string?
  workspace: string?
  insights: string?
  network: string?
  actionGroup: string?
  forwarder: string?
}

@export()
@description('Private DNS zones that are there already, by ARM id: they are linked to the network by whoever runs them.')
type dnsZones = {
  blob: string
  queue: string
  table: string
}

@export()
@description('Entra authentication before the HTTP functions, beside their keys.')
type entra = {
  @description('The client id of the app registration that callers ask a token for.')
  clientId: string

  @description('The audiences that a token may have. Without it: api://<clientId>.')
  audiences: string[]?

  @description('The client ids of the applications with which one may call. Without it, the registration alone.')
  allowedApplications: string[]?

  @description('The object ids of the users, groups and service principals who may call. Without it, whoever calls with such an application.')
  allowedPrincipalIds: string[]?
}
