import TestSupport
import Testing

/// One supervisor for each backend, shared by the tests of a suite that leave it as they found it.
struct SharedPools: SuiteTrait, TestScoping {
    /// A fixture and the supervisor that runs in it.
    struct Pool: Sendable {
        let fixture: AcodeFixture
        let supervisor: SupervisorProcess
    }

    @TaskLocal static var current: [Backend: Pool] = [:]

    let count: Int
    let backends: [Backend]
    let settings: [String: JSONValue]

    /// The pool of a backend.
    static func pool(_ backend: Backend) throws -> Pool { try #require(current[backend]) }

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await start(backends[...], test.name, [:], function)
    }

    private func start(
        _ rest: ArraySlice<Backend>, _ name: String, _ pools: [Backend: Pool],
        _ function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        guard let backend = rest.first else {
            return try await Self.$current.withValue(pools) { try await function() }
        }
        try await AcodeFixture.with("\(name)-\(backend)", settings: settings) { fixture in
            try await fixture.withSupervisor(backend, PoolOptions(count: count)) { supervisor in
                var pools = pools
                pools[backend] = Pool(fixture: fixture, supervisor: supervisor)
                try await start(rest.dropFirst(), name, pools, function)
            }
        }
    }
}

extension Trait where Self == SharedPools {
    /// Starts a pool of `count` workers on each backend before the first test of the suite and stops them after the last.
    static func sharedPools(
        count: Int = 1, on backends: [Backend] = Backend.all, settings: [String: JSONValue] = [:]
    ) -> Self {
        SharedPools(count: count, backends: backends, settings: settings)
    }
}
