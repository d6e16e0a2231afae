import AgentProtocol
import Glibc
import Logging
import Synchronization
import TestSupport
import Testing

@testable import WorkerPool

/// What no sound agent does, and what a reconnect means. What sound agents do is seen with the real one.
@Suite("Agent link", .timeLimit(.minutes(3)))
struct AgentLinkTests {
    private static let ref = AttemptRef(taskID: "t", attempt: 1, token: 1)
    private static let other = AttemptRef(taskID: "t", attempt: 2, token: 2)
    private let scratch: Scratch
    private var path: String { "\(scratch.path)/agent.sock" }

    init() throws { scratch = try Scratch() }

    /// What the link told, in order.
    private final class Heard: Sendable {
        private let events = Mutex<[AgentLink.Event]>([])

        func add(_ event: AgentLink.Event) { events.withLock { $0.append(event) } }

        /// Waits until as much was told, which must be this.
        func expect(_ expected: [AgentLink.Event]) async throws {
            let told = try await eventually("\(expected)", seen: { "\(self.events.withLock { $0 })" }) {
                let events = self.events.withLock { $0 }
                return events.count < expected.count ? nil : Array(events.prefix(expected.count))
            }
            #expect(told == expected)
        }
    }

    private func hello(
        version: Int = AgentProtocol.version, worker: String = "w1", boot: String = "boot-1",
        running: AttemptRef? = nil, unacked: Exited? = nil
    ) -> AgentMessage {
        .hello(
            Hello(
                version: version, workerID: worker, pid: 1, bootID: boot, agentVersion: "1",
                running: running.map { Started(attempt: $0, pid: 7, startedAtNanos: 1) }, unackedExit: unacked))
    }

    /// Runs `body` beside a link that listens.
    private func with(
        mayConnect: @escaping @Sendable (Int32) -> Bool = { _ in true },
        _ body: (AgentLink, Heard) async throws -> Void
    ) async throws {
        let link = AgentLink(
            socketPath: path, workerID: "w1", heartbeat: .seconds(5),
            logger: Logger(label: "tests") { _ in SwiftLogNoOpLogHandler() }, mayConnect: mayConnect)
        let listening = OneShot<Void>()
        let life = Task { try await link.serve { listening.set(()) } }
        defer { life.cancel() }
        await listening.value()
        let heard = Heard()
        let ear = Task { for await event in link.events { heard.add(event) } }
        // Also when the body throws: an attempt that it began ends by nothing else.
        defer {
            ear.cancel()
            link.abandon(WorkerLoss(observation: "the test is over"))
        }
        try await body(link, heard)
        life.cancel()
        _ = await life.result
    }

    /// A peer that has said hello and was welcomed.
    private func greeted(_ message: AgentMessage) async throws -> LinkPeer {
        let peer = try LinkPeer(path)
        try peer.send(message)
        let welcome = Welcome(heartbeatSeconds: 5, takesMemoryKills: true, takesCheckpoints: true)
        #expect(try await peer.next() == .welcome(welcome))
        return peer
    }

    @Test func aProcessThatMayNotConnectIsClosedWithoutAWord() async throws {
        try await with(mayConnect: { $0 != getpid() }) { link, _ in
            let peer = try LinkPeer(path)
            #expect(try await peer.next() == nil)
            #expect(!link.isConnected)
        }
    }

    @Test func anotherWorkersAgentAnotherVersionAndNonsenseAreClosed() async throws {
        let wrong = [
            hello(worker: "w2"), hello(version: 99), .pong(nonce: 1),
            .started(Started(attempt: Self.ref, pid: 1, startedAtNanos: 1)),
        ]
        try await with { link, _ in
            for message in wrong {
                let peer = try LinkPeer(path)
                try peer.send(message)
                #expect(try await peer.next() == nil)
            }
            #expect(!link.isConnected)
            #expect(link.agentPID == nil)
        }
    }

    @Test func moreConnectionsThanAnAgentNeedsAreClosed() async throws {
        try await with { _, _ in
            let agent = try await greeted(hello())
            let silent = try (0..<3).map { _ in try LinkPeer(path) }
            for peer in silent { try await peer.beHeard() }
            let last = try LinkPeer(path)
            // One that were let in would be welcomed; the sending fails when it is closed already.
            try last.trySending(hello(boot: "boot-2"))
            let answer = try await last.next()
            // Those who say nothing lose their place after five seconds, which may have passed on a busy machine.
            if silent.allSatisfy({ !$0.hasEnded }) { #expect(answer == nil) }
            agent.hangUp()
        }
    }

    /// A shutdown may be announced while an attempt gets ready to begin.
    @Test func aStopAnnouncedBeforeTheCommandBeginsReachesItsAgent() async throws {
        try await with { link, _ in
            let agent = try LinkPeer(path)
            try agent.send(
                .hello(
                    Hello(
                        version: AgentProtocol.version, workerID: "w1", pid: 1, bootID: "b", agentVersion: "1",
                        takesStopRequests: true)))
            _ = try await agent.next()
            try await eventually("the agent") { link.isConnected }
            link.requestStop(of: Self.other)
            let request = RunRequest(attempt: Self.other, argv: ["true"])
            async let end = link.run(request, observer: Transcript())
            #expect(try await agent.next() == .run(request))
            #expect(try await agent.next() == .stopRequested(Self.other))
            link.abandon(WorkerLoss(observation: "enough"))
            _ = await end
            // It was about that attempt only.
            async let next = link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: Transcript())
            #expect(try await agent.next() == .run(RunRequest(attempt: Self.ref, argv: ["true"])))
            link.send(.drain)
            #expect(try await agent.next() == .drain)
            link.abandon(WorkerLoss(observation: "enough"))
            _ = await next
        }
    }

    @Test func theMostKillsForMemoryThatTheAgentOutlivedAreKept() async throws {
        try await with { link, _ in
            let agent = try await greeted(hello())
            #expect(link.memoryKillsOutlived == nil)
            for count in [2, 5, 3] { try agent.send(.memoryKills(MemoryKillsOutlived(count: count))) }
            try await eventually("the counts to be heard") { link.memoryKillsOutlived == 5 }
            agent.hangUp()
            let other = try await greeted(hello(boot: "boot-2"))
            #expect(link.memoryKillsOutlived == 5)
            other.hangUp()
        }
    }

    @Test func comingGoingAndBeingAnotherIsTold() async throws {
        try await with { link, events in
            let first = try await greeted(hello())
            try await events.expect([.connected])
            #expect(link.agentPID == getpid())
            first.hangUp()
            try await events.expect([.connected, .disconnected])
            #expect(!link.isConnected)
            let again = try await greeted(hello())
            try await events.expect([.connected, .disconnected, .connected])
            again.hangUp()
            try await events.expect([.connected, .disconnected, .connected, .disconnected])
            let replacement = try await greeted(hello(boot: "boot-2"))
            try await events.expect([.connected, .disconnected, .connected, .disconnected, .agentReplaced])
            replacement.hangUp()
        }
    }

    @Test func aTaskForAnAbsentAgentIsLostAtOnce() async throws {
        try await with { link, _ in
            let end = await link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: Transcript())
            guard case .workerLost = end else {
                Issue.record("ended as \(end)")
                return
            }
            #expect(link.currentAttempt == nil)
        }
    }

    @Test func repeatedOutputIsDroppedAndLostOutputIsCounted() async throws {
        try await with { link, _ in
            let peer = try await greeted(hello())
            let transcript = Transcript()
            let run = Task { await link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: transcript) }
            #expect(try await peer.next() == .run(RunRequest(attempt: Self.ref, argv: ["true"])))
            let pieces: [(UInt64, String)] = [(0, "abcd"), (0, "abcd"), (2, "cdef"), (10, "kl"), (6, "gh")]
            for (offset, text) in pieces {
                try peer.send(
                    .output(OutputChunk(stream: .standardOutput, offset: offset, bytes: Array(text.utf8)[...])))
            }
            // Of another attempt, so none of this one's business.
            try peer.send(.progress(TaskProgress(attempt: Self.other, percent: 50, message: "x")))
            let exited = Exited(attempt: Self.ref, waitStatus: 0, outputBytes: 15)
            try peer.send(.exited(exited))
            #expect(await run.value == .reported(exited))
            #expect(transcript.output == "abcdefkl")
            #expect(transcript.all.lost == 4 + 3)
            #expect(transcript.all.progress == [])
        }
    }

    @Test func anAgentThatComesBackWithItsTaskGoesOn() async throws {
        try await with { link, events in
            let first = try await greeted(hello())
            let run = Task { await link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: Transcript()) }
            _ = try await first.next()
            first.hangUp()
            try await events.expect([.connected])
            try await events.expect([.connected, .disconnected])
            let again = try await greeted(hello(running: Self.ref))
            let exited = Exited(attempt: Self.ref, waitStatus: 0)
            try again.send(.exited(exited))
            #expect(await run.value == .reported(exited))
        }
    }

    @Test func anAgentThatComesBackWithoutItsTaskHasLostIt() async throws {
        try await with { link, events in
            let first = try await greeted(hello())
            let run = Task { await link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: Transcript()) }
            _ = try await first.next()
            first.hangUp()
            try await events.expect([.connected])
            try await events.expect([.connected, .disconnected])
            let again = try await greeted(hello())
            guard case .workerLost = await run.value else {
                Issue.record("ended as \(await run.value)")
                return
            }
            again.hangUp()
        }
    }

    @Test func whatOnlyTheAgentKnowsIsKilledAndForgotten() async throws {
        try await with { _, _ in
            let running = try await greeted(hello(running: Self.other))
            #expect(try await running.next() == .signal(attempt: Self.other, signal: SIGKILL))
            let ended = try await greeted(hello(unacked: Exited(attempt: Self.other, waitStatus: 0, outputBytes: 9)))
            #expect(try await ended.next() == .outputAck(OutputAck(token: 2, offset: 9, exited: true)))
            // The agent's newer connection has taken the place of the older.
            #expect(try await running.next() == nil)
            try ended.send(.exited(Exited(attempt: Self.ref, waitStatus: 0, outputBytes: 3)))
            #expect(try await ended.next() == .outputAck(OutputAck(token: 1, offset: 3, exited: true)))
        }
    }

    @Test func unansweredPingsAreCountedAndAnyWordEndsTheSilence() async throws {
        try await with { link, _ in
            #expect(link.ping(nonce: 0) == 0)
            let peer = try await greeted(hello())
            try await eventually("the connection") { link.isConnected }
            #expect((1...3).map { link.ping(nonce: $0) } == [1, 2, 3])
            for nonce: UInt64 in 1...3 { #expect(try await peer.next() == .ping(nonce: nonce)) }
            try peer.send(.pong(nonce: 3))
            try await eventually("the end of the silence") { link.ping(nonce: 4) == 1 }
        }
    }

    @Test func aRefusalIsTheTasksEnd() async throws {
        try await with { link, _ in
            let peer = try await greeted(hello())
            let run = Task { await link.run(RunRequest(attempt: Self.ref, argv: ["true"]), observer: Transcript()) }
            _ = try await peer.next()
            try peer.send(.refused(Refused(attempt: Self.other, reason: .busy)))
            try peer.send(.refused(Refused(attempt: Self.ref, reason: .draining)))
            #expect(await run.value == .refused(.draining))
        }
    }
}
