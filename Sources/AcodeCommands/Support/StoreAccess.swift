internal import Settings
internal import TaskStore

/// Opens the task store that the settings name.
enum StoreAccess {
    /// A file is made and brought up to date as it is needed. The tables of a server are not: whoever runs tasks need not
    /// have the right to change them.
    ///
    /// - Throws: also `missing_schema`.
    static func open(_ settings: StoreSettings) async throws(StoreError) -> any TaskStore {
        switch settings.backend {
        case .sqlite: return try await SQLiteTaskStore(path: settings.path)
        case .postgresql:
            var options = PostgresTaskStore.Options()
            options.connections = settings.connections
            options.timeout = settings.timeout
            options.migrates = false
            options.listenURL = settings.listenURL?.secret
            return try await PostgresTaskStore(url: settings.connectionText, options: options)
        }
    }
}
