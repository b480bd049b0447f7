// Storage behind private endpoints, with DNS zones of its own.

using '../../../infra/main.bicep'

param environmentName = 'closed'
param location = 'westeurope'
param closedNetwork = true
param networkAddressSpace = '10.20.30.0/25'
param vaults = [
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.DataProtection/backupVaults/vault-1'
    targetGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-restored']
  }
]
