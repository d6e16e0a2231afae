import Foundation
import PostgreSQL
import Synchronization

/// The server that `scripts/engines` starts. That there is none is a failure and not a reason to skip.
enum TestServer {
    struct Missing: Error, CustomStringConvertible {
        let description = "ACODE_TEST_POSTGRES is not set: eval \"$(scripts/engines env)\""
    }

    static func url() throws -> String {
        guard let url = ProcessInfo.processInfo.environment["ACODE_TEST_POSTGRES"] else { throw Missing() }
        return url
    }

    static func target() throws -> ConnectionTarget { try ConnectionTarget(url()) }

    static func withConnection(
        to url: String? = nil, _ body: (PostgresConnection) async throws -> Void
    ) async throws {
        let connection = try await PostgresConnection.open(ConnectionTarget(url ?? Self.url()))
        do { try await body(connection) } catch {
            await connection.close()
            throw error
        }
        await connection.close()
    }
}

/// Threads of this process.
enum Threads {
    /// How many have this name, of which the kernel keeps 15 bytes.
    static func count(named name: String) -> Int {
        let tasks = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/task")) ?? []
        return tasks.count { task in
            let text = try? String(contentsOfFile: "/proc/self/task/\(task)/comm", encoding: .utf8)
            return text?.trimmingCharacters(in: .newlines) == name
        }
    }
}

extension PostgresConnection {
    /// Runs one statement.
    func one(_ sql: String, _ parameters: [PostgresValue] = []) async throws -> PostgresRows {
        try await run([PostgresQuery(sql, parameters)], operation: "test")[0]
    }

    /// The one number that a statement returns.
    func number(_ sql: String) async throws -> Int64? {
        let rows = try await one(sql)
        return try rows.first?.int(0)
    }
}

/// What a server of a test has read.
final class Heard: Sendable {
    private let state = Mutex<[[UInt8]]>([])

    func add(_ bytes: [UInt8]) { state.withLock { $0.append(bytes) } }

    var pieces: [[UInt8]] { state.withLock { $0 } }
}
