import Foundation
import Synchronization
import TaskStore

/// A real store in a directory of its own.
enum StoreFixture {
    static func withStore(
        clock: any StoreClock = SystemStoreClock(), _ body: (SQLiteTaskStore) async throws -> Void
    ) async throws {
        try await withDirectory { directory in
            let store = try await SQLiteTaskStore(path: "\(directory)/acode.sqlite", clock: clock)
            do {
                try await body(store)
            } catch {
                await store.close()
                throw error
            }
            await store.close()
        }
    }

    static func withDirectory(_ body: (String) async throws -> Void) async throws {
        let directory = "/tmp/acode-cli-\(UInt32.random(in: 0...UInt32.max))"
        try FileManager.default.createDirectory(
            atPath: directory, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        defer { try? FileManager.default.removeItem(atPath: directory) }
        try await body(directory)
    }
}

/// A store's clock that a test puts forward and back.
final class HandClock: StoreClock {
    private let offset = Mutex(0.0)

    /// Says how many seconds it is ahead of this host's.
    func now(is ahead: Double) { offset.withLock { $0 = ahead } }

    func now() -> Date { Date(timeIntervalSinceNow: offset.withLock { $0 }) }
}
