/// Decides which attempt's log to read next while a task runs. Pure: told what the store says and where reading ended.
///
/// A log is complete once its attempt is recorded as ended, because the log is closed before that is written.
struct FollowState: Equatable {
    /// What the store says about one attempt.
    struct Seen: Equatable {
        var number: Int
        var hasEnded: Bool
    }

    /// What to do now.
    enum Step: Equatable {
        /// Read the log of this attempt.
        case read(attempt: Int)
        /// There is nothing to read yet.
        case wait
        /// There will be nothing more to read.
        case done
    }

    /// Which attempts are wanted.
    enum Range: Equatable {
        /// This one and all later ones.
        case from(Int)
        /// This one alone.
        case only(Int)
    }

    private let range: Range
    private var attempts: [Seen] = []
    private var isTerminal = false
    private var finished = 0
    private var current: Int?

    init(_ range: Range) { self.range = range }

    /// Takes what the store says now; attempts in any order.
    mutating func observe(_ attempts: [Seen], isTerminal: Bool) {
        self.attempts = attempts.sorted { $0.number < $1.number }
        self.isTerminal = isTerminal
        if current == nil { advance() }
    }

    /// The end of the current log was reached by a read that began after the last `observe`.
    mutating func reachedEnd() {
        guard let number = current, attempts.contains(where: { $0.number == number && $0.hasEnded }) else { return }
        finished = number
        current = nil
        advance()
    }

    /// The current log can't be read to its end.
    mutating func giveUp() {
        guard let number = current else { return }
        finished = number
        current = nil
        advance()
    }

    /// Whether the log of an attempt is wanted and not read yet.
    func wants(_ number: Int) -> Bool {
        switch range {
        case .only(let wanted): wanted == number && finished < number
        case .from(let first): number >= first && number > finished
        }
    }

    /// What to do now.
    var step: Step {
        if let current { return .read(attempt: current) }
        switch range {
        case .only(let number) where finished == number: return .done
        case .only, .from: return isTerminal ? .done : .wait
        }
    }

    private mutating func advance() {
        current =
            switch range {
            case .only(let number): attempts.first { $0.number == number && finished < number }?.number
            case .from(let first): attempts.first { $0.number >= first && $0.number > finished }?.number
            }
    }
}
