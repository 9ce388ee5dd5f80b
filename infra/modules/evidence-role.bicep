// The role of whoever writes evidence. The built-in roles that may write blobs may delete them, too.
targetScope = 'subscription'

param token string

resource writer 'Microsoft.Authorization/roleDefinitions@2022-04-01' = {
  name: guid(subscription().id, token, 'vaultlift evidence writer')
  properties: {
    roleName: 'vaultlift evidence writer (${token})'
    description: 'Reads and writes blobs; deletes none.'
    type: 'CustomRole'
    assignableScopes: [subscription().id]
    permissions: [
      {
        actions: []
        dataActions: [
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'
          'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/write'
        ]
      }
    ]
  }
}

output id string = writer.id
