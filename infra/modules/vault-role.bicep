// The app's right at one backup vault. Deployed to the vault's own resource group.

param vaultName string
param roleId string
param principalId string

resource vault 'Microsoft.DataProtection/backupVaults@2025-07-01' existing = {
  name: vaultName
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: vault
  name: guid(vault.id, principalId, roleId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    principalId: principalId
    principalType: 'ServicePrincipal'
  }
}
