// One vault, one place to restore to, and nothing else.

using '../../../infra/main.bicep'

param environmentName = 'small'
param location = 'westeurope'
param vaults = [
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-prod/providers/Microsoft.DataProtection/backupVaults/vault-1'
    targetGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-restored']
  }
]
