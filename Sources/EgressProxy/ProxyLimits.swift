internal import NIOCore

/// What one worker may ask of its proxy.
struct ProxyLimits: Sendable {
    /// Connections at once; those beyond are closed.
    var connections = 256
    /// From the connection to the end of the request's head.
    var head = TimeAmount.seconds(10)
    /// A lookup of a name.
    var lookup = TimeAmount.seconds(10)
    /// Lookups that run at once.
    var lookups = 2
    /// One try to connect.
    var connect = TimeAmount.seconds(10)
    /// How many addresses of a name are tried.
    var addresses = 4
    /// How long nothing may move in either direction.
    var idle = TimeAmount.minutes(10)
    /// How long a refused client may take to hang up.
    var linger = TimeAmount.seconds(2)
}
