/// How the connections of a pool are at one moment, and what has happened to them so far, for metrics.
package struct PoolSnapshot: Sendable, Equatable {
    /// Connections nobody uses now.
    package var idle = 0
    /// Connections in use or being opened.
    package var used = 0
    /// Callers that wait for one.
    package var waiting = 0
    /// Whether the server counts as gone.
    package var isBreakerOpen = false
    /// How often it came to count as gone.
    package var breakerOpenings = 0
    /// Callers that were refused at once because it did.
    package var refusals = 0
    /// Connections that were opened.
    package var opened = 0
    /// Connections that could not be opened.
    package var failures = 0
    /// Connections that broke or had to be given up.
    package var lost = 0
    /// Callers that were refused because no connection came free in time, or too many waited.
    package var exhausted = 0

    /// All zero.
    package init() {}
}
