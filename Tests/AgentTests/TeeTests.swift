import AgentProtocol
import Foundation
import Testing

@Suite("The agent's own streams", .serialized, .timeLimit(.minutes(3)))
struct TeeTests {
    /// A pipe whose ends belong to nobody yet.
    private struct Ends {
        let reading: Int32
        let writing: Int32

        init() throws {
            var numbers: [Int32] = [0, 0]
            try #require(pipe(&numbers) == 0)
            for number in numbers { _ = fcntl(number, F_SETFD, FD_CLOEXEC) }
            (reading, writing) = (numbers[0], numbers[1])
        }
    }

    @Test func neverStopATaskWhenNobodyReadsThem() async throws {
        let pipe = try Ends()
        try await AgentFixture.with(standardOutput: pipe.writing) { fixture in
            let (connection, _) = try fixture.supervisor.welcome()
            let size = 3_000_000
            let transcript = try connection.perform(.shell("head -c \(size) /dev/zero"))
            #expect(transcript.output.count == size)
            try connection.send(.drain)
            let shown = FileHandle(fileDescriptor: pipe.reading, closeOnDealloc: true).readDataToEndOfFile()
            #expect(try fixture.exitCode() == 0)
            let words = String(decoding: shown.filter { $0 != 0 }, as: UTF8.self)
            let zeros = shown.count - words.utf8.count
            #expect(words == "\n[acode: \(size - zeros) bytes not shown here, nobody read them in time]\n")
        }
    }

    @Test func mayBeClosed() async throws {
        let pipe = try Ends()
        try await AgentFixture.with(standardOutput: pipe.writing) { fixture in
            let (connection, _) = try fixture.supervisor.welcome()
            close(pipe.reading)
            let transcript = try connection.perform(.shell("head -c 1000000 /dev/zero"))
            #expect(transcript.output.count == 1_000_000)
        }
    }
}
