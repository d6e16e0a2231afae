extension PoolState {
    /// What a slot is doing.
    package enum Phase: Sendable, Equatable {
        /// Holds nothing. → `starting`.
        case vacant
        /// Its worker is on the way. → `idle`, `vacant`, `stopping`.
        case starting
        /// Its worker waits. → `busy`, `stopping`, `vacant`.
        case idle(since: ContinuousClock.Instant)
        /// Its worker was given to an attempt. → `idle`, `stopping`, `vacant`.
        case busy
        /// Its worker goes away. → `vacant`.
        case stopping
    }

    /// One slot.
    package struct Slot: Sendable, Equatable {
        /// What it is doing.
        package var phase: Phase = .vacant
        /// The profile of its worker; `nil` when vacant.
        package var profile: WorkerProfile?
        /// Whether its worker's agent is connected; one that is not takes no attempt.
        package var answers = false
        /// Whether its worker goes once it has finished its attempt.
        package var retires = false
        /// When its worker was started; `nil` for one that was taken over.
        package var begun: ContinuousClock.Instant?
        /// Whether its worker went away under an attempt.
        package var lostAttempt = false
    }
}
