import Foundation
import Testing

/// Four supervisors, each a process with the real store, that are killed and paused at random: 20,000 tasks each end once, and
/// nothing that came too late was written.
@Suite("Queue history: supervisors that die and pause", .serialized, .timeLimit(.minutes(8)))
struct HistoryRunTests {
    private struct Report: Decodable {
        let seed: UInt64
        let tasks: Int
        let attempts: Int
        let kills: Int
        let pauses: Int
        let refused: Int
        let violations: [String]
    }

    /// The program beside the tests.
    private static var program: URL {
        URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
            .appendingPathComponent("acode-queue-bench")
    }

    @Test(arguments: StoreBackend.direct) func nothingIsLostAndNothingDoneTwice(backend: StoreBackend) async throws {
        let place = try await backend.makePlace()
        let directory = NSTemporaryDirectory() + "/acode-history-\(UUID().uuidString)"
        let store = (place as? SQLitePlace)?.path ?? (place as? PostgresPlace)?.url ?? ""
        let process = Process()
        process.executableURL = Self.program
        process.arguments = [
            "history", "run", "--store", store, "--directory", directory, "--trouble", "6", "--settling", "120",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        let data = await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: output.fileHandleForReading.readDataToEndOfFile()) }
        }
        process.waitUntilExit()
        await place.remove()
        let report = try JSONDecoder().decode(Report.self, from: data)
        #expect(report.violations.prefix(20) == [], "--seed \(report.seed), histories are in \(directory)")
        #expect(report.tasks >= 20_000 && report.kills > 0 && report.pauses > 0)
        // Else nothing was put to the test.
        #expect(report.attempts > report.tasks && report.refused > 0)
        if report.violations.isEmpty { try FileManager.default.removeItem(atPath: directory) }
    }
}
