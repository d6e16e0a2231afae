import AgentProtocol
import Glibc
import Logging
import TestSupport
import Testing

@testable import WorkerPool

/// How a link meets the agent of an earlier supervisor, and how it leaves one to the next.
@Suite("Agent link: taking over and letting go", .timeLimit(.minutes(3)))
struct AgentAdoptionTests {
    private static let ref = AttemptRef(taskID: "t", attempt: 1, token: 1)
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/agent.sock" }

    init() throws { scratch = try Scratch() }

    private func with(gate: AdoptionGate? = nil, _ body: (AgentLink) async throws -> Void) async throws {
        let link = AgentLink(
            socketPath: path, workerID: "w1", heartbeat: .seconds(5), orphanTimeout: .seconds(78),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }, gate: gate, mayConnect: { _ in true })
        let listening = OneShot<Void>()
        let life = Task { try await link.serve { listening.set(()) } }
        defer {
            life.cancel()
            link.abandon(WorkerLoss(observation: "the test is over"))
        }
        await listening.value()
        try await body(link)
    }

    private func hello(version: Int = AgentProtocol.version) -> AgentMessage {
        .hello(
            Hello(
                version: version, workerID: "w1", pid: 1, bootID: "b", agentVersion: "1",
                running: Started(attempt: Self.ref, pid: 7, startedAtNanos: 1), output: OutputSpan(start: 2, end: 6)))
    }

    private let welcome = SupervisorMessage.welcome(
        Welcome(heartbeatSeconds: 5, orphanSeconds: 78, takesMemoryKills: true, takesCheckpoints: true))

    private func output(_ text: String, at offset: UInt64) -> AgentMessage {
        .output(OutputChunk(stream: .standardOutput, offset: offset, bytes: Array(text.utf8)[...]))
    }

    @Test func anAttemptGoesOnFromWhereItsLogEnds() async throws {
        let gate = AdoptionGate()
        try await with(gate: gate) { link in
            let peer = try LinkPeer(path)
            try peer.send(hello())
            let seen = try #require(await gate.hello(within: .seconds(20)))
            #expect(seen.attempt == Self.ref && seen.output == OutputSpan(start: 2, end: 6))
            #expect(!link.isConnected)
            // Its cgroup's count is taken before it is let in.
            #expect(link.agentPID == getpid())
            let transcript = Transcript()
            let run = Task { await link.resume(Self.ref, from: 4, observer: transcript) { gate.open() } }
            #expect(try await peer.next() == welcome)
            try peer.send(output("cdef", at: 2))
            let exited = Exited(attempt: Self.ref, waitStatus: 0, outputBytes: 6)
            try peer.send(.exited(exited))
            #expect(await run.value == .reported(exited))
            #expect(transcript.output == "ef")
            #expect(transcript.all.lost == 0)
        }
    }

    @Test func anAgentThatIsTurnedAwayHearsNothing() async throws {
        let gate = AdoptionGate()
        try await with(gate: gate) { link in
            let peer = try LinkPeer(path)
            try peer.send(hello())
            _ = await gate.hello(within: .seconds(20))
            gate.refuse()
            #expect(try await peer.next() == nil)
            #expect(!link.isConnected && !gate.isOpen)
        }
    }

    /// It can't be talked to, but whoever decides must know why.
    @Test func anotherVersionIsToldButNotWelcomed() async throws {
        let gate = AdoptionGate()
        try await with(gate: gate) { _ in
            let peer = try LinkPeer(path)
            try peer.send(hello(version: 99))
            #expect(await gate.hello(within: .seconds(20))?.version == 99)
            #expect(try await peer.next() == nil)
        }
    }

    @Test func nobodyCallsInTime() async {
        #expect(await AdoptionGate().hello(within: .milliseconds(10)) == nil)
    }

    @Test func anAttemptOfAWorkerThatIsGoneEndsAtOnce() async throws {
        try await with { link in
            let loss = WorkerLoss(observation: "gone")
            link.abandon(loss)
            let end = await link.resume(Self.ref, from: 0, observer: Transcript(), noted: {})
            #expect(end == .workerLost(loss))
        }
    }

    /// An exit that is on its way must stay with the agent, for the next supervisor.
    @Test func afterLettingGoNothingIsTakenAndNothingIsSaid() async throws {
        let gate = AdoptionGate()
        try await with(gate: gate) { link in
            let peer = try LinkPeer(path)
            try peer.send(hello())
            let transcript = Transcript()
            let run = Task { await link.resume(Self.ref, from: 2, observer: transcript) { gate.open() } }
            #expect(try await peer.next() == welcome)
            link.detach()
            #expect(await run.value == .detached)
            try peer.trySending(output("cdef", at: 2))
            try peer.trySending(.exited(Exited(attempt: Self.ref, waitStatus: 0, outputBytes: 6)))
            link.send(.drain)
            #expect(try await peer.next() == nil)
            #expect(transcript.output == "")
            let late = await link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: transcript)
            #expect(late == .detached)
        }
    }
}
