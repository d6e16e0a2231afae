import Foundation
import Logging
import Synchronization
import TaskModel
import TestSupport

@testable import EgressProxy

/// A gate that listens while a test runs, with names that lead where the test says.
struct GateFixture: Sendable {
    /// What was refused.
    final class Denials: EgressObserver {
        let all = Mutex<[EgressDenied]>([])

        var told: [EgressDenied] { all.withLock { $0 } }

        func egressDenied(_ denial: EgressDenied) { all.withLock { $0.append(denial) } }
    }

    struct Names: NameResolver {
        var known: [String: [String]]

        func addresses(of name: String) async throws -> [NetworkAddress] {
            (known[name] ?? []).compactMap { NetworkAddress($0) }
        }
    }

    let path: String
    let denials: Denials

    static func with(
        _ rules: [String], names: [String: [String]] = [:], resolver: (any NameResolver)? = nil,
        limits: ProxyLimits = ProxyLimits(), budget: ConnectionBudget = ConnectionBudget(limit: 1000),
        _ body: (GateFixture) async throws -> Void
    ) async throws {
        let fixture = GateFixture(path: "/tmp/acode-gate-\(UUID().uuidString.prefix(8)).sock", denials: Denials())
        let gate = EgressGate(
            policy: .only(try rules.map { try EgressRule($0) }), resolver: resolver ?? Names(known: names),
            limits: limits, observer: fixture.denials, logger: Logger(label: "test"), budget: budget)
        defer { unlink(fixture.path) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try? await gate.serve(socketPath: fixture.path) }
            defer { group.cancelAll() }
            try await eventually("the gate to listen") {
                guard let probe = UnixConnection(connectingTo: fixture.path) else { return false }
                probe.closeDescriptor()
                return true
            }
            try await body(fixture)
        }
    }

    /// Uses a connection on a thread of its own, where it may block.
    func connect<Value: Sendable>(_ use: @escaping @Sendable (UnixConnection) -> Value) async throws -> Value {
        let path = path
        return try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                guard let connection = UnixConnection(connectingTo: path) else {
                    return continuation.resume(throwing: POSIXError(.ECONNREFUSED))
                }
                let value = use(connection)
                connection.closeDescriptor()
                continuation.resume(returning: value)
            }
        }
    }

    /// Sends text and returns everything that comes back until the end.
    func say(_ text: String, endingInput: Bool = false) async throws -> String {
        try await connect { connection in
            connection.write(text)
            if endingInput { connection.endOutput() }
            return String(decoding: connection.readToEnd(), as: UTF8.self)
        }
    }
}

/// Names that nobody answers for until the test says so, except `quick.test`, which has no address.
final class SlowNames: NameResolver {
    private struct State {
        var running = 0
        var most = 0
        var isReleased = false
    }

    private let state = Mutex(State())

    /// How many lookups ran at once.
    var most: Int { state.withLock { $0.most } }

    func release() { state.withLock { $0.isReleased = true } }

    func addresses(of name: String) async throws -> [NetworkAddress] {
        guard name != "quick.test" else { return [] }
        state.withLock { state in
            state.running += 1
            state.most = max(state.most, state.running)
        }
        defer { state.withLock { $0.running -= 1 } }
        // Deaf to cancellation, as getaddrinfo(3) is.
        while !state.withLock({ $0.isReleased }) {
            await withCheckedContinuation { continuation in
                DispatchQueue.global().asyncAfter(deadline: .now() + 0.01) { continuation.resume() }
            }
        }
        return []
    }
}
