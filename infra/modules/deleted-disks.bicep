// Azure's own events of deleted disks, from a system topic that is there already, onto the queue. A
// subscription has one topic of a kind at most; either of two kinds tells of deletions, in its own
// words (docs/senders.md). Deployed to the topic's own resource group.

import { requests } from '../names.bicep'

param topicName string
param storageId string

resource topic 'Microsoft.EventGrid/systemTopics@2022-06-15' existing = {
  name: topicName
}

// Of a resource that is there, only Azure knows the kind.
var isOfNotifications = toLower(topic.properties.topicType) == 'microsoft.resourcenotifications.resources'
var ofNotifications = {
  includedEventTypes: ['Microsoft.ResourceNotifications.Resources.Deleted']
  advancedFilters: [
    { key: 'data.resourceInfo.type', operatorType: 'StringIn', values: ['Microsoft.Compute/disks'] }
  ]
}
var ofSubscription = {
  includedEventTypes: ['Microsoft.Resources.ResourceDeleteSuccess']
  advancedFilters: [
    { key: 'data.operationName', operatorType: 'StringIn', values: ['Microsoft.Compute/disks/delete'] }
  ]
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
    filter: isOfNotifications ? ofNotifications : ofSubscription
  }
}
