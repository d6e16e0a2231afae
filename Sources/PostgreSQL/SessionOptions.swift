/// How sessions are used.
package struct SessionOptions: Sendable {
    /// Whether statements are prepared once for each session, which saves the server their parsing and planning.
    package enum Prepares: Sendable {
        /// When we speak to the server itself. A pooler may hand us another session for each transaction.
        case whenDirect
        /// Also through a pooler that sees to it itself.
        case always
        case never
    }

    /// Settings of the server by their names. Through a pooler they are set for each transaction.
    package var settings: [String: String] = [:]
    /// Whether statements are prepared once for each session.
    package var prepares = Prepares.whenDirect

    /// Nothing set.
    package init(settings: [String: String] = [:], prepares: Prepares = .whenDirect) {
        self.settings = settings
        self.prepares = prepares
    }
}
