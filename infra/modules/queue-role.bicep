// One right, on one queue of the account.

param storageName string
param queueName string
param roleId string
param principalId string
param principalType string

resource account 'Microsoft.Storage/storageAccounts@2024-01-01' existing = {
  name: storageName

  resource service 'queueServices' existing = {
    name: 'default'

    resource queue 'queues' existing = { name: queueName }
  }
}

resource assignment 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  scope: account::service::queue
  name: guid(account::service::queue.id, principalId, roleId)
  properties: {
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleId)
    principalId: principalId
    principalType: principalType
  }
}
