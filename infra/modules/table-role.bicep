// One right, on one table of the account.

param storageName string
param tableName string
param roleId string
param principalId string
param principalType string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName

  resource service 'tableServices' existing = {
    name: 'default'

    resource table 'tables' existing = { name: tableName }
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::service::table
  name: guid(account::service::table.id, principalId, roleId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    principalId: principalId
    principalType: principalType
  }
}
