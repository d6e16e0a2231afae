import TestSupport
import Testing

/// Engines for one suite alone, because its tests take them down.
struct EnginesOfItsOwn: SuiteTrait, TestScoping {
    @TaskLocal static var current: EngineInstance?

    func provideScope(
        for test: Test, testCase: Test.Case?, performing function: @Sendable @concurrent () async throws -> Void
    ) async throws {
        try await EngineInstance.with { engines in
            try await Self.$current.withValue(engines) { try await function() }
        }
    }
}

extension Trait where Self == EnginesOfItsOwn {
    /// Starts Docker and Podman before the first test of the suite and stops them after the last.
    static var enginesOfItsOwn: Self { EnginesOfItsOwn() }
}
