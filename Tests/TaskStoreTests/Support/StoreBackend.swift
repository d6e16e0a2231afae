import Foundation
import TaskStore
import Testing

/// Where the stores of one test keep their data, apart from those of all other tests.
protocol StorePlace: Sendable {
    /// Opens one more store on the same data, as another process would.
    func open(clock: TestClock) async throws -> any TaskStore
    /// Removes the data.
    func remove() async
}

/// A kind of store. Every one in `all` runs the whole conformance suite.
struct StoreBackend: Sendable, CustomTestStringConvertible {
    let name: String
    let makePlace: @Sendable () async throws -> any StorePlace

    var testDescription: String { name }

    static let direct = [
        StoreBackend(name: "SQLite", makePlace: { try SQLitePlace() }),
        StoreBackend(name: "PostgreSQL", makePlace: { try await PostgresPlace() }),
    ]
    static let all =
        direct + [
            StoreBackend(
                name: "PostgreSQL behind pgbouncer", makePlace: { try await PostgresPlace(behindPooler: true) })
        ]

    /// Runs `body` with one store.
    func withStore(_ body: (any TaskStore, TestClock) async throws -> Void) async throws {
        try await withStores(1) { stores, clock in try await body(stores[0], clock) }
    }

    /// Runs `body` with several stores on the same data.
    func withStores(_ count: Int, _ body: ([any TaskStore], TestClock) async throws -> Void) async throws {
        let clock = TestClock()
        let place = try await makePlace()
        var stores: [any TaskStore] = []
        for _ in 0..<count { stores.append(try await place.open(clock: clock)) }
        let result: Result<Void, any Error>
        do { result = .success(try await body(stores, clock)) } catch { result = .failure(error) }
        for store in stores { await store.close() }
        await place.remove()
        try result.get()
    }
}

/// A directory with a database file in it.
struct SQLitePlace: StorePlace {
    let directory: String
    var path: String { directory + "/state/acode.sqlite" }

    init() throws {
        directory = NSTemporaryDirectory() + "/acode-store-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: true)
    }

    func open(clock: TestClock) async throws -> any TaskStore { try await open(clock: clock, options: .init()) }

    func open(clock: TestClock, options: SQLiteTaskStore.Options) async throws -> SQLiteTaskStore {
        try await SQLiteTaskStore(path: path, clock: clock, options: options)
    }

    func remove() async { try? FileManager.default.removeItem(atPath: directory) }

    /// Runs `body` with a place of its own, and removes it.
    static func with(_ body: (SQLitePlace) async throws -> Void) async throws {
        let place = try SQLitePlace()
        do { try await body(place) } catch {
            await place.remove()
            throw error
        }
        await place.remove()
    }
}
