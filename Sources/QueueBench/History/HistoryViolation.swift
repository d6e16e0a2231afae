/// Something that must never be, and is.
package struct HistoryViolation: Sendable, Equatable, CustomStringConvertible {
    /// Of what kind.
    package enum Kind: String, Sendable, CaseIterable {
        /// A task that was accepted is not there, or never ended.
        case lost
        /// A task ended more than once, or by an attempt that did not mean to end it.
        case completedTwice = "completed_twice"
        /// A write was accepted of an attempt that was over, or after another one had begun.
        case staleWrite = "stale_write"
        /// Two had the right to run the same task at the same time.
        case overlap
        /// The timeline is not in the order in which things happened, or misses something.
        case order
    }

    package let kind: Kind
    package let task: String
    package let words: String

    /// Names one.
    package init(_ kind: Kind, _ task: String, _ words: String) {
        self.kind = kind
        self.task = task
        self.words = words
    }

    package var description: String { "\(kind.rawValue): task \(task): \(words)" }
}
