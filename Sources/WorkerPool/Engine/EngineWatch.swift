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
        /// What keeps it from making containers although it answers, and since when.
        var refusal: (EngineTrouble, since: Date, at: ContinuousClock.Instant)?
        /// Who waits for the next ping that is sent after they asked.
        var waiting: [OneShot<Void>] = []
        /// Set by whoever wants the next ping now.
        var nudge = OneShot<Void>()

        mutating func take(_ event: EngineAvailability.Event, asked: Date) -> [EngineAvailability.Action] {
            let actions = machine.handle(event, now: .now)
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
    }

    /// Outages remembered, for containers that are looked at late.
    private static let remembered = 8

    private let engine: EngineClient
    private let labels: [String: String]
    private let logger: Logger
    private let fallbackAfter: Duration?
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
        self.fallbackAfter = fallbackAfter
        self.logger = logger
        shared = Mutex(
            Shared(machine: EngineAvailability(interval: interval, fallbackAfter: fallbackAfter, now: .now)))
    }

    /// The trouble, since when, and whether local processes stand in; `nil` while the engine can be used.
    package var trouble: (EngineTrouble, since: Date, hasFallenBack: Bool)? {
        shared.withLock { shared in
            if case .unavailable(_, let trouble) = shared.machine.state {
                return (trouble, shared.answered, shared.machine.hasFallenBack)
            }
            guard let refusal = shared.refusal else { return nil }
            let hasFallenBack = fallbackAfter.map { ContinuousClock.now - refusal.at >= $0 } ?? false
            return (refusal.0, refusal.since, hasFallenBack)
        }
    }

    /// Notes that the engine answers and yet can make no container, for want of space.
    package func refuses(_ trouble: EngineTrouble) {
        let isNew = shared.withLock { shared in
            defer { shared.refusal = (trouble, shared.refusal?.since ?? Date(), shared.refusal?.at ?? .now) }
            return shared.refusal == nil
        }
        guard isNew else { return }
        available.record(0)
        outages.increment()
        logger.warning(
            "the engine can make no container; what runs goes on, and it is asked again until it can",
            metadata: [
                "engine.endpoint": "\(engine.endpoint.socketPath)", "error.message": "\(trouble.message)",
                "hint": "\(trouble.hint ?? "look at the engine's log")",
            ])
    }

    /// Notes that the engine made a container.
    package func accepts() {
        let wasRefusing = shared.withLock { shared in
            defer { shared.refusal = nil }
            return shared.refusal != nil
        }
        guard wasRefusing else { return }
        available.record(1)
        logger.info("the engine makes containers again")
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
        }
    }

    /// Waits for the next ping's time. Whoever suspects the engine shortens it, but not the pause that settles a doubt.
    private func pause() async {
        let (nudge, pause, isDoubtful) = shared.withLock { shared in
            (shared.nudge, shared.machine.pause, shared.machine.isDoubtful)
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
            try await engine.ping(timeout: Self.pingTimeout)
            pingTime.recordSeconds((ContinuousClock.now - begun) / .seconds(1))
            return .pingAnswered
        } catch {
            return .pingFailed(
                EngineTrouble(message: "\(engine.endpoint.socketPath): \(error.message)", hint: error.hint))
        }
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
}
