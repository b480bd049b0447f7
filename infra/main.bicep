// Azure Disk Restore: everything that it is in Azure, and every right that it needs, in one
// deployment. infra/README.md says what is made and what it costs; main.bicepparam is what a person
// edits. No right is given anywhere wider than a resource group.

targetScope = 'subscription'

import { requests, steps, events } from 'names.bicep'
import { builtIn, diskActions, vaultActions } from 'roles.bicep'
import { appSettings } from 'settings.bicep'
import { backupVault, dnsZones, entra, names, principal } from 'types.bicep'

// ------------------------------------------------------------------------------------ where, what

@description('The region of everything that is made here.')
param location string

@description('What tells this deployment from others in names and tags: prod, test.')
@minLength(1)
@maxLength(20)
param environmentName string

param tags object = {}

@description('Names that do not fit as they are made.')
param chosenNames names = {}

// --------------------------------------------------------------------------- what may be restored

@description('The backup vaults, and where their disks may be restored to.')
param vaults backupVault[]

@description('Settings of the app; what is not named has the app\'s default.')
param settings appSettings = {}

@description('ARM ids of resource groups whose disks and machines the app may read.')
param readableDiskGroupIds string[] = []

@description('The custom roles\' name. A tenant has one role of a name: a second deployment needs another.')
param roleName string = 'Azure Disk Restore'

// ---------------------------------------------------------------------------------- who may what

@description('Who may ask for restores: each may write to that one queue.')
param senders principal[] = []

@description('Who receives events: each may take messages off that one queue.')
param receivers principal[] = []

@description('Who reads results: the table RestoreResults and nothing else.')
param readers principal[] = []

@description('Who is called at night: results, restores under way, the queues as they stand, the log.')
param operators principal[] = []

@description('Entra authentication before the HTTP functions, beside their keys.')
param entraAuthentication entra?

// ---------------------------------------------------------------------------------- who is told

@description('Mail addresses to which alerts go.')
param alertEmails string[] = []

@secure()
@description('A webhook to which alerts go, in the common alert schema. Its URL may hold a secret.')
param alertWebhook string = ''

@description('Minutes after which a restore that has not ended is worth an alert: longer than the largest disk takes.')
@minValue(1)
param alertOldestMinutes int = 60

@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Gigabytes a day after which the log takes nothing until the next day; -1: no end.')
param logDailyCapGb int = 1

// ---------------------------------------------------------------------------------------- sizes

@allowed(['Standard_ZRS', 'Standard_GZRS', 'Standard_GRS', 'Standard_LRS'])
@description('Standard_LRS where the region has no zones.')
param storageSku string = 'Standard_ZRS'

@allowed([512, 2048, 4096])
param instanceMemoryMb int = 2048

@description('Instances at the most, for each function of its own.')
@minValue(1)
@maxValue(1000)
param maximumInstances int = 40

// -------------------------------------------------------------------------------------- network

@description('Whether storage is reached through private endpoints alone.')
param closedNetwork bool = false

@description('At least a /25: a /26 for the app, a /26 for the endpoints.')
param networkAddressSpace string = '10.90.0.0/24'

@description('Private DNS zones that are there already; without them, own ones are made.')
param existingDnsZones dnsZones?

// ------------------------------------------------------------------------------ optional pieces

@description('ARM id of a system topic of subscription events, with a system-assigned identity: deleted disks are told to the app. Needs settings, see docs/senders.md.')
param deletedDisksTopicId string = ''

@description('Whether a Logic App forwards alerts to the app.')
param forwardAlerts bool = false

// ---------------------------------------------------------------------------------------- names

var suffix = take(uniqueString(subscription().id, environmentName, location), 8)
var made = {
  group: chosenNames.?group ?? 'rg-disk-restore-${environmentName}'
  storage: chosenNames.?storage ?? 'stdiskrestore${suffix}'
  app: chosenNames.?app ?? 'func-disk-restore-${suffix}'
  plan: chosenNames.?plan ?? 'plan-disk-restore'
  identity: chosenNames.?identity ?? 'id-disk-restore-${environmentName}'
  workspace: chosenNames.?workspace ?? 'log-disk-restore'
  insights: chosenNames.?insights ?? 'appi-disk-restore'
  network: chosenNames.?network ?? 'vnet-disk-restore'
  actionGroup: chosenNames.?actionGroup ?? 'ag-disk-restore'
  forwarder: chosenNames.?forwarder ?? 'la-forward-alerts'
}
var allTags = union(tags, { 'azd-env-name': environmentName })

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: made.group
  location: location
  tags: allTags
}

// ------------------------------------------------------------------------- the app and what it has

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    location: location
    tags: allTags
    workspaceName: made.workspace
    insightsName: made.insights
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
  }
}

module identity 'modules/identity.bicep' = {
  scope: group
  name: 'identity'
  params: { location: location, tags: allTags, name: made.identity }
}

// Ids that are known before anything is made, so that a what-if can show everything that uses them.
var workspaceId = '${group.id}/providers/Microsoft.OperationalInsights/workspaces/${made.workspace}'
var storageId = '${group.id}/providers/Microsoft.Storage/storageAccounts/${made.storage}'
var vaultRoleId = guid(group.id, roleName)
var diskRoleId = guid(group.id, roleName, 'disks')
var forwarderId = '${group.id}/providers/Microsoft.Logic/workflows/${made.forwarder}'

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    location: location
    tags: allTags
    name: made.storage
    sku: storageSku
    workspaceId: workspaceId
    closed: closedNetwork
    workflowId: forwardAlerts ? forwarderId : ''
  }
  dependsOn: [monitoring]
}

module network 'modules/network.bicep' = if (closedNetwork) {
  scope: group
  name: 'network'
  params: {
    location: location
    tags: allTags
    name: made.network
    addressSpace: networkAddressSpace
    storageId: storageId
    existingZones: existingDnsZones
  }
  dependsOn: [storage]
}

module appRoles 'modules/app-roles.bicep' = {
  scope: group
  name: 'app-roles'
  params: {
    storageName: made.storage
    insightsName: made.insights
    #disable-next-line what-if-short-circuiting // An assignment is named after whom it is for, who is made here.
    principalId: identity.outputs.principalId
  }
  dependsOn: [storage, monitoring]
}

var rules = flatten(map(vaults, vault => map(vault.?targetGroupIds ?? [], target => '${vault.id} => ${target}')))

module app 'modules/app.bicep' = {
  scope: group
  name: 'app'
  params: {
    location: location
    tags: allTags
    name: made.app
    planName: made.plan
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    insightsName: made.insights
    storageName: made.storage
    packagesUri: storage.outputs.packagesUri
    memoryMb: instanceMemoryMb
    maximumInstances: maximumInstances
    settings: settings
    rules: join(rules, '; ')
    subnetId: closedNetwork ? network!.outputs.appSubnetId : ''
    entraAuthentication: entraAuthentication
  }
  dependsOn: [appRoles, monitoring]
}

// --------------------------------------------------------------------------------- at the vaults

module vaultRole 'modules/role-definition.bicep' = if (!empty(vaults)) {
  scope: group
  name: 'vault-role'
  params: {
    id: vaultRoleId
    roleName: roleName
    purpose: 'Validate and trigger restores of backup instances, and watch their operations and jobs.'
    actions: vaultActions
    groupIds: map(vaults, vault => groupOf(vault.id))
  }
}

func groupOf(id string) string => join(take(split(id, '/'), 5), '/')

module appAtVault 'modules/vault-role.bicep' = [
  for vault in vaults: {
    scope: resourceGroup(split(vault.id, '/')[2], split(vault.id, '/')[4])
    name: 'app-at-vault-${uniqueString(vault.id, made.identity, group.id)}'
    params: {
      vaultName: split(vault.id, '/')[8]
      roleId: vaultRoleId
      #disable-next-line what-if-short-circuiting // An assignment is named after whom it is for, who is made here.
      principalId: identity.outputs.principalId
    }
    dependsOn: [vaultRole]
  }
]

module diskRole 'modules/role-definition.bicep' = if (!empty(readableDiskGroupIds)) {
  scope: group
  name: 'disk-role'
  params: {
    id: diskRoleId
    roleName: '${roleName}: read disks'
    purpose: 'See disks and the machines that they belong to.'
    actions: diskActions
    groupIds: readableDiskGroupIds
  }
}

module appAtDisks 'modules/group-role.bicep' = [
  for id in readableDiskGroupIds: {
    scope: resourceGroup(split(id, '/')[2], split(id, '/')[4])
    name: 'app-at-disks-${uniqueString(id, made.identity, group.id)}'
    params: {
      roleId: diskRoleId
      #disable-next-line what-if-short-circuiting // An assignment is named after whom it is for, who is made here.
      principalId: identity.outputs.principalId
      principalType: 'ServicePrincipal'
    }
    dependsOn: [diskRole]
  }
]

// --------------------------------------------------- what the vaults' own identities may do, and where

resource vaultResources 'Microsoft.DataProtection/backupVaults@2025-07-01' existing = [
  for vault in vaults: {
    scope: resourceGroup(split(vault.id, '/')[2], split(vault.id, '/')[4])
    name: split(vault.id, '/')[8]
  }
]

@description('What each vault needs, and where, whichever identity it works under.')
var vaultPlaces = flatten(map(
  range(0, length(vaults)),
  i =>
    concat(
      map(vaults[i].?targetGroupIds ?? [], id => { vault: i, groupId: id, role: 'Disk Restore Operator' }),
      map(vaults[i].?snapshotGroupIds ?? [], id => { vault: i, groupId: id, role: 'Disk Snapshot Contributor' })
    )
))

@description('Where the system-assigned identity of a vault is meant.')
var systemGrants = filter(
  vaultPlaces,
  place => vaults[place.vault].?useSystemAssigned ?? empty(vaults[place.vault].?userAssignedPrincipalIds ?? [])
)

@description('For user-assigned identities, of which two vaults may share one: each right is given once.')
var userGrants = union(
  [],
  flatten(map(
    vaultPlaces,
    place =>
      map(
        vaults[place.vault].?userAssignedPrincipalIds ?? [],
        id => { groupId: place.groupId, role: place.role, principalId: id }
      )
  ))
)

module vaultAtGroup 'modules/group-role.bicep' = [
  for grant in systemGrants: {
    scope: resourceGroup(split(grant.groupId, '/')[2], split(grant.groupId, '/')[4])
    name: 'vault-at-group-${uniqueString(vaults[grant.vault].id, grant.groupId, grant.role)}'
    params: {
      roleId: builtIn[grant.role]
      #disable-next-line what-if-short-circuiting // An assignment is named after whom it is for, whom Azure alone knows.
      principalId: vaultResources[grant.vault].identity.?principalId ?? fail('The vault ${vaults[grant.vault].id} has no system-assigned identity: turn it on, or name userAssignedPrincipalIds.')
      principalType: 'ServicePrincipal'
    }
  }
]

module vaultIdentityAtGroup 'modules/group-role.bicep' = [
  for grant in userGrants: {
    scope: resourceGroup(split(grant.groupId, '/')[2], split(grant.groupId, '/')[4])
    name: 'vault-identity-at-group-${uniqueString(grant.principalId, grant.groupId, grant.role)}'
    params: {
      roleId: builtIn[grant.role]
      principalId: grant.principalId
      principalType: 'ServicePrincipal'
    }
  }
]

// ----------------------------------------------------------------- people, senders and receivers

var queueGrants = concat(
  map(senders, who => { who: who, queue: requests, role: 'Storage Queue Data Message Sender' }),
  map(receivers, who => { who: who, queue: events, role: 'Storage Queue Data Message Processor' }),
  flatten(map(
    [requests, '${requests}-poison', '${steps}-poison'],
    queue => map(operators, who => { who: who, queue: queue, role: 'Storage Queue Data Reader' })
  ))
)

module atQueue 'modules/queue-role.bicep' = [
  for grant in queueGrants: {
    scope: group
    name: 'at-queue-${uniqueString(grant.who.id, grant.queue, grant.role)}'
    params: {
      storageName: made.storage
      queueName: grant.queue
      roleId: builtIn[grant.role]
      principalId: grant.who.id
      principalType: grant.who.type
    }
    dependsOn: [storage]
  }
]

@description('Somebody may be a reader and an operator: each right is given once.')
var tableGrants = union(
  map(readers, who => { who: who, table: 'RestoreResults' }),
  flatten(map(
    ['RestoreResults', 'Restores', 'OutstandingRestores', 'RestoreSets', 'VaultDurations'],
    table => map(operators, who => { who: who, table: table })
  ))
)

module atTable 'modules/table-role.bicep' = [
  for grant in tableGrants: {
    scope: group
    name: 'at-table-${uniqueString(grant.who.id, grant.table)}'
    params: {
      storageName: made.storage
      tableName: grant.table
      roleId: builtIn['Storage Table Data Reader']
      principalId: grant.who.id
      principalType: grant.who.type
    }
    dependsOn: [storage]
  }
]

module atLog 'modules/group-role.bicep' = [
  for who in operators: {
    scope: group
    name: 'at-log-${uniqueString(who.id)}'
    params: {
      roleId: builtIn['Monitoring Reader']
      principalId: who.id
      principalType: who.type
    }
  }
]

// ------------------------------------------------------------------------------- who is told, what

module actionGroup 'modules/action-group.bicep' = {
  scope: group
  name: 'action-group'
  params: { tags: allTags, name: made.actionGroup, emails: alertEmails, webhook: alertWebhook }
}

module alerts 'modules/alerts.bicep' = {
  scope: group
  name: 'alerts'
  params: {
    location: location
    tags: allTags
    workspaceId: workspaceId
    actionGroupId: '${group.id}/providers/Microsoft.Insights/actionGroups/${made.actionGroup}'
    oldestMinutes: alertOldestMinutes
  }
  dependsOn: [monitoring, actionGroup]
}

module workbook 'modules/workbook.bicep' = {
  scope: group
  name: 'workbook'
  params: { location: location, tags: allTags, workspaceId: workspaceId }
  dependsOn: [monitoring]
}

// ------------------------------------------------------------------------------- optional pieces

module forwarder 'modules/alert-forwarder.bicep' = if (forwardAlerts) {
  scope: group
  name: 'forwarder'
  params: {
    location: location
    tags: allTags
    name: made.forwarder
    storageName: made.storage
  }
}

module forwarderAtQueue 'modules/queue-role.bicep' = if (forwardAlerts) {
  scope: group
  name: 'forwarder-at-queue'
  params: {
    storageName: made.storage
    queueName: requests
    roleId: builtIn['Storage Queue Data Message Sender']
    #disable-next-line what-if-short-circuiting // An assignment is named after whom it is for, who is made here.
    principalId: forwarder!.outputs.principalId
    principalType: 'ServicePrincipal'
  }
  dependsOn: [storage]
}

// Without a topic these stand for nothing, and nothing reads them.
var topicParts = split(
  empty(deletedDisksTopicId) ? '${group.id}/providers/Microsoft.EventGrid/systemTopics/none' : deletedDisksTopicId,
  '/'
)

resource topic 'Microsoft.EventGrid/systemTopics@2022-06-15' existing = if (!empty(deletedDisksTopicId)) {
  scope: resourceGroup(topicParts[2], topicParts[4])
  name: topicParts[8]
}

module topicAtQueue 'modules/queue-role.bicep' = if (!empty(deletedDisksTopicId)) {
  scope: group
  name: 'topic-at-queue'
  params: {
    storageName: made.storage
    queueName: requests
    roleId: builtIn['Storage Queue Data Message Sender']
    principalId: topic!.identity.?principalId ?? fail('The system topic has no system-assigned identity: turn it on.')
    principalType: 'ServicePrincipal'
  }
  dependsOn: [storage]
}

module deletedDisks 'modules/deleted-disks.bicep' = if (!empty(deletedDisksTopicId)) {
  scope: resourceGroup(topicParts[2], topicParts[4])
  name: 'deleted-disks-${uniqueString(group.id)}'
  params: {
    topicName: topicParts[8]
    storageId: storageId
  }
  dependsOn: [topicAtQueue]
}

output resourceGroupName string = group.name
output storageAccountName string = made.storage
output functionAppName string = made.app
output functionAppUrl string = 'https://${app.outputs.host}'
output allowedRules string = join(rules, '; ')
