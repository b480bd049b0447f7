// Azure's own events of deleted disks, from a system topic that is there already, onto the queue. A
// subscription has one such topic at most. Deployed to the topic's own resource group.

import { requests } from '../names.bicep'

param topicName string
param storageId string

resource topic 'Microsoft.EventGrid/systemTopics@2022-06-15' existing = {
  name: topicName
}

resource deletions 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2022-06-15' = {
  parent: topic
  name: 'deleted-disks-${uniqueString(storageId)}'
  properties: {
    deliveryWithResourceIdentity: {
      identity: { type: 'SystemAssigned' }
      destination: {
        endpointType: 'StorageQueue'
        properties: {
          resourceId: storageId
          queueName: requests
          // A disk that nobody could restore for a day is restored by somebody who has looked.
          queueMessageTimeToLiveInSeconds: 86400
        }
      }
    }
    eventDeliverySchema: 'CloudEventSchemaV1_0'
    filter: {
      includedEventTypes: ['Microsoft.Resources.ResourceDeleteSuccess']
      advancedFilters: [
        { key: 'data.operationName', operatorType: 'StringIn', values: ['Microsoft.Compute/disks/delete'] }
      ]
    }
  }
}
