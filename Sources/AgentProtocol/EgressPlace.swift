/// Where a worker's way out is, seen from inside.
package enum EgressPlace {
    /// The port on a container's loopback at which the agent listens for clients of the proxy: the usual one of proxies.
    package static let containerPort: UInt16 = 3128
    /// The file name of the supervisor's end, beside the agent's socket.
    package static let socketName = "proxy.sock"

    /// What programs need to know to use the proxy at a port of loopback. In both spellings, because programs differ; what
    /// listens in the worker itself is reached directly.
    package static func environment(port: UInt16) -> [String: String] {
        let proxy = "http://127.0.0.1:\(port)"
        let direct = "localhost,127.0.0.1,::1"
        return [
            "HTTP_PROXY": proxy, "HTTPS_PROXY": proxy, "ALL_PROXY": proxy, "http_proxy": proxy, "https_proxy": proxy,
            "all_proxy": proxy, "NO_PROXY": direct, "no_proxy": direct,
        ]
    }
}
