// Every switch on, every list filled, names chosen.

using '../../../infra/main.bicep'

param environmentName = 'all'
param location = 'westeurope'
param tags = { costCentre: '4711' }
param chosenNames = {
  group: 'rg-chosen'
  storage: 'stchosen01'
  app: 'func-chosen-01'
  plan: 'plan-chosen'
  identity: 'id-chosen'
  workspace: 'log-chosen'
  insights: 'appi-chosen'
  network: 'vnet-chosen'
  actionGroup: 'ag-chosen'
  forwarder: 'la-chosen'
}
param vaults = [
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.DataProtection/backupVaults/vault-1'
    targetGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-restored']
    snapshotGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-snapshots']
  }
]
param settings = {
  RESTORE_ARM_READS: '1100+18'
  RESTORE_ALLOW: '* => /subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-restored'
  RESTORE_DELETED_DISKS: 'true'
  RESTORE_EVENTS: 'all'
  RESTORE_MAX_ACTIVE: '50'
  RESTORE_MAX_SET: '1000'
}
param readableDiskGroupIds = ['/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod']
param roleName = 'Azure Disk Restore (all)'
param senders = [{ id: '00000000-0000-0000-0000-0000000000e1', type: 'ServicePrincipal' }]
param receivers = [{ id: '00000000-0000-0000-0000-0000000000e2', type: 'ServicePrincipal' }]
param readers = [{ id: '00000000-0000-0000-0000-0000000000e3', type: 'User' }]
param operators = [
  { id: '00000000-0000-0000-0000-0000000000e4', type: 'Group' }
  { id: '00000000-0000-0000-0000-0000000000e3', type: 'User' }
]
param entraAuthentication = {
  clientId: '00000000-0000-0000-0000-0000000000f1'
  allowedApplications: ['00000000-0000-0000-0000-0000000000f2']
}
param alertEmails = ['on-call@example.com', 'lead@example.com']
param alertWebhook = 'https://example.com/hook'
param logRetentionDays = 180
param logDailyCapGb = 5
param storageSku = 'Standard_GZRS'
param instanceMemoryMb = 4096
param maximumInstances = 100
param closedNetwork = true
param existingDnsZones = {
  blob: '/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/privatelink.blob.core.windows.net'
  queue: '/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/privatelink.queue.core.windows.net'
  table: '/subscriptions/00000000-0000-0000-0000-000000000009/resourceGroups/rg-dns/providers/Microsoft.Network/privateDnsZones/privatelink.table.core.windows.net'
}
param deletedDisksTopicId = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-events/providers/Microsoft.EventGrid/systemTopics/deleted-resources'
param forwardAlerts = true
