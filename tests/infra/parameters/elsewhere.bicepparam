// Vaults, targets and snapshots in other subscriptions; a vault with two user-assigned identities,
// one of which it shares with a vault that has its own identity too.

using '../../../infra/main.bicep'

param environmentName = 'elsewhere'
param location = 'westeurope'
param vaults = [
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-two/providers/Microsoft.DataProtection/backupVaults/vault-2'
    targetGroupIds: [
      '/subscriptions/00000000-0000-0000-0000-000000000004/resourceGroups/rg-restored-a'
      '/subscriptions/00000000-0000-0000-0000-000000000005/resourceGroups/rg-restored-b'
    ]
    snapshotGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000002/resourceGroups/rg-snapshots']
  }
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/rg-three/providers/Microsoft.DataProtection/backupVaults/vault-3'
    targetGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000004/resourceGroups/rg-restored-a']
    snapshotGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/rg-snapshots']
    userAssignedPrincipalIds: ['00000000-0000-0000-0000-0000000000d1', '00000000-0000-0000-0000-0000000000d2']
  }
  {
    id: '/subscriptions/00000000-0000-0000-0000-000000000003/resourceGroups/rg-three/providers/Microsoft.DataProtection/backupVaults/vault-4'
    targetGroupIds: ['/subscriptions/00000000-0000-0000-0000-000000000004/resourceGroups/rg-restored-a']
    userAssignedPrincipalIds: ['00000000-0000-0000-0000-0000000000d1']
    useSystemAssigned: true
  }
]
