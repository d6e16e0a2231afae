/// Whether an engine that answers can make nothing, for want of space: a pure machine fed with what came of the wishes for
/// containers and images.
///
/// It lasts until the engine makes something, or until nobody has wished for anything for a while: then there is nothing
/// to refuse, and the next wish tells anew.
package struct EngineRefusal: Sendable, Equatable {
    /// What happened.
    package enum Event: Sendable, Equatable {
        /// Somebody begins to wish for a container or an image.
        case wished
        /// The engine refused a wish.
        case refused(EngineTrouble)
        /// The engine made what was wished for.
        case fulfilled
        /// Somebody's wish ended, one way or another.
        case wishEnded
        /// Time has passed.
        case looked
        /// The engine itself went away, which is another trouble.
        case engineAway
    }

    /// What is to be done about it.
    package enum Action: Sendable, Equatable {
        /// Say so once.
        case begin(EngineTrouble)
        /// Let local processes stand in for the tasks that allow it.
        case fallBack
        /// It is over: because the engine made something, or because nobody wants anything.
        case end(wasFulfilled: Bool)
    }

    /// A refusal that lasts.
    package struct Refusal: Sendable, Equatable {
        /// The engine's newest words.
        package var trouble: EngineTrouble
        /// When it began.
        package var since: ContinuousClock.Instant
        /// Whether local processes stand in.
        package var hasFallenBack = false
    }

    /// How long nobody may have wished for anything. Whoever is refused tries again sooner.
    package static let patience = Duration.seconds(10)

    /// What is refused now.
    package private(set) var current: Refusal?
    private var wishes = 0
    private var lastWish: ContinuousClock.Instant
    private let fallbackAfter: Duration?

    /// Begins with an engine that refuses nothing. `fallbackAfter` is how long it may refuse before local processes stand
    /// in; `nil` for never.
    package init(fallbackAfter: Duration?, now: ContinuousClock.Instant) {
        self.fallbackAfter = fallbackAfter
        lastWish = now
    }

    /// Takes an event and returns what is to be done.
    package mutating func handle(_ event: Event, now: ContinuousClock.Instant) -> [Action] {
        switch event {
        case .wished:
            wishes += 1
            return []
        case .wishEnded:
            wishes = max(0, wishes - 1)
            lastWish = now
            return []
        case .refused(let trouble):
            guard current == nil else {
                current?.trouble = trouble
                return []
            }
            current = Refusal(trouble: trouble, since: now)
            lastWish = now
            return [.begin(trouble)]
        case .fulfilled:
            return end(wasFulfilled: true)
        case .engineAway:
            current = nil
            return []
        case .looked:
            guard let refusal = current else { return [] }
            if wishes == 0, now - lastWish >= Self.patience { return end(wasFulfilled: false) }
            guard let fallbackAfter, !refusal.hasFallenBack, now - refusal.since >= fallbackAfter else { return [] }
            current?.hasFallenBack = true
            return [.fallBack]
        }
    }

    private mutating func end(wasFulfilled: Bool) -> [Action] {
        guard current != nil else { return [] }
        current = nil
        return [.end(wasFulfilled: wasFulfilled)]
    }
}
