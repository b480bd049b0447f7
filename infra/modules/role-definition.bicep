// A custom role that may be given in the named resource groups, and nowhere else.

@description('A GUID: the role\'s name in every subscription in which it may be given.')
param id string

param roleName string
param purpose string
param actions string[]

@description('ARM ids of the resource groups in which it is given, beside this one.')
param groupIds string[]

resource role 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: id
  properties: {
    roleName: roleName
    description: purpose
    type: 'CustomRole'
    permissions: [{ actions: actions, notActions: [], dataActions: [], notDataActions: [] }]
    // A definition is written where it may be given: here too, although nobody gets it here.
    assignableScopes: union([resourceGroup().id], groupIds)
  }
}
