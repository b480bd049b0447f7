// What operations look at. The layout is workbook/workbook.json, in which a tile names its query; the
// queries stand beside it, and run in the tests over logs of the app.

param location string
param tags object
param workspaceId string

var ended = loadTextContent('../workbook/ended.kql')
var queries = {
  'by-day': '${ended}${loadTextContent('../workbook/by-day.kql')}'
  'by-status': '${ended}${loadTextContent('../workbook/by-status.kql')}'
  'by-vault': '${ended}${loadTextContent('../workbook/by-vault.kql')}'
  durations: '${ended}${loadTextContent('../workbook/durations.kql')}'
  load: loadTextContent('../workbook/load.kql')
  now: loadTextContent('../workbook/now.kql')
  phases: '${ended}${loadTextContent('../workbook/phases.kql')}'
  'point-age': '${ended}${loadTextContent('../workbook/point-age.kql')}'
  reasons: '${ended}${loadTextContent('../workbook/reasons.kql')}'
  running: loadTextContent('../workbook/running.kql')
  story: loadTextContent('../workbook/story.kql')
}
var layout = loadJsonContent('../workbook/workbook.json')
var items = map(
  layout.items,
  item =>
    item.type == 3
      ? union(item, {
          content: { query: queries[item.name], crossComponentResources: [workspaceId] }
        })
      : item
)

resource workbook 'Microsoft.Insights/workbooks@2023-06-01' = {
  name: guid(resourceGroup().id, 'disk-restore')
  location: location
  tags: tags
  kind: 'shared'
  properties: {
    displayName: 'Disk restores'
    category: 'workbook'
    sourceId: toLower(workspaceId)
    serializedData: string(union(layout, { items: items, fallbackResourceIds: [workspaceId] }))
  }
}
