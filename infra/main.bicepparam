// What a person edits. Three values are needed: a vault, where its disks may go, and who is told.
// azd asks for subscription, region and environment and hands the last two over by the environment.

using 'main.bicep'

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME', 'prod')
param location = readEnvironmentVariable('AZURE_LOCATION', 'westeurope')

// --- the three ------------------------------------------------------------------------------------

param vaults = [
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.DataProtection/backupVaults/vault-1'
    targetGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-restored']
    // Only where Azure Backup has not given the vault its role there already:
    // snapshotGroupIds: ['/subscriptions/…/resourceGroups/rg-snapshots']
    // Where the vault works under user-assigned identities, their object ids:
    // userAssignedPrincipalIds: ['…']
  }
]

param alertEmails = ['on-call@example.com']

// --- who may do what: object ids in Entra ---------------------------------------------------------

param senders = []
param receivers = []
param readers = []
param operators = []
// param senders = [{ id: '00000000-0000-0000-0000-000000000010', type: 'ServicePrincipal' }]

// --- whatever else differs from the defaults ------------------------------------------------------

param tags = {}
param settings = {}
// param settings = { RESTORE_COOLDOWN_MINUTES: '120', RESTORE_EVENTS: 'all' }
// param alertWebhook = readEnvironmentVariable('ALERT_WEBHOOK')
// param closedNetwork = true
// param storageSku = 'Standard_LRS' // where the region has no zones
