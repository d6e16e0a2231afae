/// Keeps a task from being in its queue twice: while one with the same key has not ended, or was submitted within the
/// window, another is not made.
package struct UniqueKey: Codable, Sendable, Hashable {
    /// Any text; compared within the queue.
    package var key: String
    /// Seconds after its submission in which a task keeps others out although it has ended; `nil` means none.
    package var window: Double?

    /// Names a key.
    package init(_ key: String, window: Double? = nil) {
        self.key = key
        self.window = window
    }
}
