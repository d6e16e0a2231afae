internal import TaskStore

/// Opens the store that a command names.
enum BenchStore {
    /// Whether `place` names a PostgreSQL database and not a file.
    static func isPostgres(_ place: String) -> Bool {
        place.hasPrefix("postgres://") || place.hasPrefix("postgresql://") || place.contains("=")
    }

    /// Opens the store at `place`; makes it when it is new.
    static func open(_ place: String, connections: Int) async throws -> any TaskStore {
        guard isPostgres(place) else { return try await SQLiteTaskStore(path: place) }
        var options = PostgresTaskStore.Options()
        options.connections = connections
        return try await PostgresTaskStore(url: place, options: options)
    }

    /// Opens the store, lends it to `body` and closes it.
    static func with<Value>(
        _ options: StoreOptions, _ body: (any TaskStore) async throws -> Value
    ) async throws -> Value {
        let store = try await open(options.store, connections: options.connections)
        do {
            let value = try await body(store)
            await store.close()
            return value
        } catch {
            await store.close()
            throw error
        }
    }
}
