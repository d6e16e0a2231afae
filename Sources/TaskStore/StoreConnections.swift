/// How the connections of a store to its server are at one moment, for metrics.
package struct StoreConnections: Sendable, Equatable {
    /// Connections nobody uses now.
    package var idle: Int
    /// Connections in use or being opened.
    package var used: Int
    /// Operations that wait for one.
    package var waiting: Int
    /// Whether the server counts as gone, so that operations fail at once.
    package var isBreakerOpen: Bool
    /// How often it came to count as gone.
    package var breakerOpenings: Int
    /// Connections that could not be opened.
    package var failures: Int
}
