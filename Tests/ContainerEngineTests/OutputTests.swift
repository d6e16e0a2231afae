import ContainerEngine
import Foundation
import Testing

/// Attaching before the start gets every byte.
@Suite(.tags(.docker, .podman), .timeLimit(.minutes(5)), .serialized)
struct OutputTests {
    @Test(arguments: TestEngine.allCases)
    func attachGetsTheLastLineWithoutAnEnd(engine: TestEngine) async throws {
        for _ in 0..<10 {
            try await EngineFixture.run(engine) { fixture in
                let id = try await fixture.create("printf 'first\\n'; printf 'err' >&2; printf last")
                let attach = try await fixture.client.attach(id)
                try await fixture.client.startContainer(id)
                var output: [LogFrame.Stream: [UInt8]] = [:]
                try await attach.drain { output[$0.stream, default: []] += $0.bytes }
                #expect(String(decoding: output[.stdout] ?? [], as: UTF8.self) == "first\nlast")
                #expect(String(decoding: output[.stderr] ?? [], as: UTF8.self) == "err")
            }
        }
    }

    @Test(arguments: TestEngine.allCases)
    func attachGetsEveryByteOfALargeBurst(engine: TestEngine) async throws {
        // Lines that all differ, so that a lost, repeated or moved piece shows.
        let last = 2_500_000
        var expected: [UInt8] = []
        for number in 1...last { expected += Array("\(number)\n".utf8) }
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.create("seq 1 \(last)")
            let attach = try await fixture.client.attach(id)
            try await fixture.client.startContainer(id)
            var bytes: [UInt8] = []
            for try await frame in attach { bytes += frame.bytes }
            #expect(bytes.count == expected.count)
            #expect(bytes == expected)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func lettingGoOfAnAttachDoesNotDisturbTheContainer(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.create("i=0; while [ $i -lt 20000 ]; do echo line $i; i=$((i+1)); done; exit 6")
            do {
                let attach = try await fixture.client.attach(id)
                try await fixture.client.startContainer(id)
                var iterator = attach.makeAsyncIterator()
                _ = try await iterator.next()
            }
            let state = try await fixture.state(of: id) { $0.status == .exited }
            #expect(state.exitCode == 6)
        }
    }

    @Test(arguments: TestEngine.allCases)
    func attachEndsWhenTheTaskIsCancelled(engine: TestEngine) async throws {
        try await EngineFixture.run(engine) { fixture in
            let id = try await fixture.create("while :; do sleep 0.05; done")
            let attach = try await fixture.client.attach(id)
            try await fixture.client.startContainer(id)
            let reader = Task { await engineFailure { try await attach.drain { _ in } } }
            reader.cancel()
            #expect(await reader.value?.code == .cancelled)
        }
    }
}
