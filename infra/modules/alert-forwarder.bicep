// The Logic App that puts an alert on the queue as it came. Its definition is the one that
// docs/senders.md shows: both are workflows/forward-alerts.json.

import { requests } from '../names.bicep'

param location string
param tags object
param name string
param storageName string

var shown = loadJsonContent('../workflows/forward-alerts.json')

resource connection 'Microsoft.Web/connections@2016-06-01' = {
  name: '${name}-queues'
  location: location
  tags: tags
  properties: {
    displayName: requests
    api: { id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azurequeues') }
    // The connection as such holds no credential: the workflow's identity signs in.
    #disable-next-line BCP089 // The published types lack it; the connectors' own templates have it.
    parameterValueSet: { name: 'managedIdentityAuth', values: {} }
  }
}

resource workflow 'Microsoft.Logic/workflows@2019-05-01' = {
  name: name
  location: location
  tags: tags
  identity: { type: 'SystemAssigned' }
  properties: {
    state: 'Enabled'
    definition: shown.definition
    parameters: {
      account: { value: storageName }
      '$connections': {
        value: {
          azurequeues: {
            connectionId: connection.id
            connectionName: connection.name
            connectionProperties: { authentication: { type: 'ManagedServiceIdentity' } }
            id: subscriptionResourceId('Microsoft.Web/locations/managedApis', location, 'azurequeues')
          }
        }
      }
    }
  }
}

output principalId string = workflow.identity.principalId
