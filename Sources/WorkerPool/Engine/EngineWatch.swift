package import ContainerEngine
package import Foundation
package import Logging
internal import Metrics
internal import Synchronization

/// Watches the engine: pings it, listens to its events so that its end is noticed at once, and says what the pool is to
/// do. `EngineAvailability` decides.
package final class EngineWatch: Sendable {
    /// What the pool does about the engine's coming and going. Calls come one after the other.
    package struct Reactions: Sendable {
        /// It went away.
        package var away: @Sendable () -> Void
        /// Local processes are to stand in.
        package var fallBack: @Sendable () -> Void
        /// It answers: look at every container. The pool uses it again when this returns.
        package var inspect: @Sendable () async -> Void
        /// It can be used again.
        package var back: @Sendable () -> Void

        /// Puts reactions together.
        package init(
            away: @escaping @Sendable () -> Void, fallBack: @escaping @Sendable () -> Void,
            inspect: @escaping @Sendable () async -> Void, back: @escaping @Sendable () -> Void
        ) {
            self.away = away
            self.fallBack = fallBack
            self.inspect = inspect
            self.back = back
        }
    }

    private struct Shared {
        var machine: EngineAvailability
        var outages: [EngineOutage] = []
        var answered = Date()
        /// The engine's version when it last answered.
        var version: String?
        /// What keeps it from making anything although it answers.
        var refusal: EngineRefusal
        /// When that began.
        var refusedSince = Date()
        /// What is to be done about it.
        var pending: [EngineRefusal.Action] = []
        /// Who waits for the next ping that is sent after they asked.
        var waiting: [OneShot<Void>] = []
        /// Set by whoever wants the next ping now.
        var nudge = OneShot<Void>()

        mutating func take(_ event: EngineAvailability.Event, asked: Date) -> [EngineAvailability.Action] {
            let actions = machine.handle(event, now: .now)
            take(machine.isUnavailable ? .engineAway : .looked)
            switch event {
            case .pingAnswered:
                answered = asked
                if let last = outages.indices.last, outages[last].end == nil { outages[last].end = Date() }
            case .pingFailed:
                guard outages.last.map({ $0.end != nil }) ?? true else { break }
                outages.append(EngineOutage(begin: answered))
                if outages.count > remembered { outages.removeFirst() }
            }
            return actions
        }

        mutating func take(_ event: EngineRefusal.Event) {
            let actions = refusal.handle(event, now: .now)
            if event == .engineAway { pending = [] }
            if case .begin = actions.first { refusedSince = Date() }
            pending += actions
        }
    }

    /// Outages remembered, for containers that are looked at late.
    private static let remembered = 8

    private let engine: EngineClient
    private let labels: [String: String]
    private let logger: Logger
    private let shared: Mutex<Shared>
    private let available = Gauge(label: "acode_engine_available")
    private let outages = Counter(label: "acode_engine_outages_total")
    private let pingTime = Metrics.Timer(label: "acode_engine_ping_seconds")

    /// Makes a watch over an engine that has just answered. `labels` are those of the pool's containers.
    package init(
        engine: EngineClient, labels: [String: String], interval: Duration, fallbackAfter: Duration?, logger: Logger
    ) {
        self.engine = engine
        self.labels = labels
        self.logger = logger
        shared = Mutex(
            Shared(
                machine: EngineAvailability(interval: interval, fallbackAfter: fallbackAfter, now: .now),
                refusal: EngineRefusal(fallbackAfter: fallbackAfter, now: .now)))
    }

    /// The trouble, since when, and whether local processes stand in; `nil` while the engine can be used.
    package var trouble: (EngineTrouble, since: Date, hasFallenBack: Bool)? {
        shared.withLock { shared in
            if case .unavailable(_, let trouble) = shared.machine.state {
                return (trouble, shared.answered, shared.machine.hasFallenBack)
            }
            return shared.refusal.current.map { ($0.trouble, shared.refusedSince, $0.hasFallenBack) }
        }
    }

    /// Whether the engine does not answer, which is more than that it can make nothing.
    package var isAway: Bool {
        shared.withLock { if case .unavailable = $0.machine.state { true } else { false } }
    }

    /// Notes that the engine answers and yet can make nothing, for want of space.
    package func refuses(_ trouble: EngineTrouble) { note(.refused(trouble)) }

    /// Notes that the engine made a container. An image proves nothing: it may have been there already.
    package func accepts() { note(.fulfilled) }

    /// Takes note of what somebody wants the engine to make, and what came of it.
    func note(_ event: EngineRefusal.Event) {
        let isNews = shared.withLock { shared in
            shared.take(event)
            return !shared.pending.isEmpty
        }
        // Whoever pings carries it out, so that reactions come one after the other.
        if isNews { suspect() }
    }

    /// Asks the engine now instead of at the next ping: a call got no answer, or a stream broke.
    package func suspect() { _ = shared.withLock { $0.nudge }.set(()) }

    /// Whether the engine's own end or restart explains what happened to a container at `instant`; `nil` is now. Asks the
    /// engine first, so it may take as long as two pings that get no answer.
    package func explains(_ instant: Date?) async -> Bool {
        let instant = instant ?? Date()
        for _ in 0...EngineAvailability.tolerance {
            let answer = OneShot<Void>()
            shared.withLock { $0.waiting.append(answer) }
            suspect()
            guard await answer.wait(atMost: Self.pingTimeout * 3) != nil else { break }
            if !shared.withLock({ $0.machine.isDoubtful }) { break }
        }
        return shared.withLock { $0.outages.contains { $0.covers(instant) } }
    }

    /// Watches until the task is cancelled.
    package func run(_ reactions: Reactions) async {
        available.record(1)
        await withDiscardingTaskGroup { group in
            group.addTask { await self.warnOfRestarts() }
            group.addTask { await self.listen() }
            group.addTask { await self.pingForEver(reactions) }
        }
    }

    /// Says once what a restart of this engine would do to its containers.
    private func warnOfRestarts() async {
        guard engine.identity.kind == .docker, let info = try? await engine.info(), !info.liveRestoreEnabled else {
            return
        }
        logger.notice(
            "a restart of this engine ends every container; their tasks then run again",
            metadata: ["hint": "set \"live-restore\": true in the engine's daemon.json"])
    }

    /// Holds a stream of events open, because its end tells at once that the engine went away.
    private func listen() async {
        while !Task.isCancelled {
            do {
                for try await _ in try await engine.events(labels: labels) {}
            } catch {
                // Whatever broke it, the ping tells what it means.
            }
            suspect()
            try? await Task.sleep(for: Self.pingTimeout)
        }
    }

    private static let pingTimeout = Duration.seconds(3)

    private func pingForEver(_ reactions: Reactions) async {
        while true {
            await pause()
            if Task.isCancelled { return }
            let (waiting, asked) = shared.withLock { shared in
                defer { shared.waiting = [] }
                return (shared.waiting, Date())
            }
            let event = await ping()
            if Task.isCancelled { return }
            let actions = shared.withLock { $0.take(event, asked: asked) }
            for answer in waiting { answer.set(()) }
            for action in actions { await carryOut(action, reactions) }
            let refusals = shared.withLock { shared in
                defer { shared.pending = [] }
                return shared.pending
            }
            for action in refusals { carryOut(action, reactions) }
        }
    }

    /// Waits for the next ping's time. Whoever suspects the engine shortens it, but not the pause that settles a doubt.
    private func pause() async {
        let (nudge, pause, isDoubtful) = shared.withLock { shared in
            let pause = shared.machine.pause
            // One that refuses is looked at as often as one that is away.
            let isRefusing = shared.refusal.current != nil
            return (
                shared.nudge, isRefusing ? min(pause, EngineAvailability.awayPause) : pause, shared.machine.isDoubtful
            )
        }
        if isDoubtful {
            try? await Task.sleep(for: pause)
        } else {
            _ = await nudge.wait(atMost: pause)
        }
        shared.withLock { $0.nudge = OneShot() }
    }

    private func ping() async -> EngineAvailability.Event {
        let begun = ContinuousClock.now
        do {
            let identity = try await engine.ping(timeout: Self.pingTimeout)
            pingTime.recordSeconds((ContinuousClock.now - begun) / .seconds(1))
            guard identity.kind == engine.identity.kind else {
                return .pingFailed(
                    EngineTrouble(
                        message: "\(engine.endpoint.socketPath): \(identity.kind.rawValue) answers there now, and not "
                            + engine.identity.kind.rawValue,
                        hint: "start the supervisor again to use another engine"))
            }
            noteVersion(identity)
            return .pingAnswered
        } catch {
            return .pingFailed(
                EngineTrouble(message: "\(engine.endpoint.socketPath): \(error.message)", hint: error.hint))
        }
    }

    /// Says so when the engine was upgraded under the pool.
    private func noteVersion(_ identity: EngineIdentity) {
        let before = shared.withLock { shared in
            defer { shared.version = identity.version }
            return shared.version
        }
        guard let before, before != identity.version else { return }
        logger.notice(
            "the engine is of another version now",
            metadata: ["engine.version.before": "\(before)", "engine.version": "\(identity.version)"])
    }

    private func carryOut(_ action: EngineAvailability.Action, _ reactions: Reactions) async {
        switch action {
        case .becomeUnavailable(let trouble):
            outages.increment()
            available.record(0)
            logger.warning(
                "the engine does not answer; what runs goes on, nothing is judged and no container is started until it is back",
                metadata: [
                    "engine.endpoint": "\(engine.endpoint.socketPath)", "error.message": "\(trouble.message)",
                    "hint": "\(trouble.hint ?? "look at the engine's log")",
                ])
            reactions.away()
        case .fallBack:
            logger.warning("the engine is still away: local processes stand in for tasks that allow it")
            reactions.fallBack()
        case .comeBack(let away):
            await reactions.inspect()
            available.record(1)
            logger.info(
                "the engine answers again", metadata: ["engine.away.seconds": "\(Int((away / .seconds(1)).rounded()))"])
            reactions.back()
        }
    }

    private func carryOut(_ action: EngineRefusal.Action, _ reactions: Reactions) {
        switch action {
        case .begin(let trouble):
            available.record(0)
            outages.increment()
            logger.warning(
                "the engine can make no container; what runs goes on, and it is asked again until it can",
                metadata: [
                    "engine.endpoint": "\(engine.endpoint.socketPath)", "error.message": "\(trouble.message)",
                    "hint": "\(trouble.hint ?? "look at the engine's log")",
                ])
        case .fallBack:
            logger.warning("the engine still has no space: local processes stand in for tasks that allow it")
            reactions.fallBack()
        case .end(let wasFulfilled):
            available.record(1)
            logger.info(
                wasFulfilled
                    ? "the engine makes containers again"
                    : "nobody asks the engine for containers any more; the next one will tell whether it can make them")
            reactions.back()
        }
    }
}
