extension ContainerConfiguration {
    /// What tells the engine whether the container is healthy.
    package enum Healthcheck: Sendable, Equatable {
        /// None, also when the image has one.
        case none
        /// A command run in the container; unhealthy after `retries` failures in a row, not counting those in `startPeriod`.
        case command(
            [String], interval: Duration, timeout: Duration, startPeriod: Duration = .zero, retries: Int = 3)
    }

    /// Which network the container joins.
    package enum NetworkMode: Sendable, Equatable {
        case bridge, none, host
        /// A network by name or id.
        case named(String)

        /// As the API writes it.
        package var wireValue: String {
            switch self {
            case .bridge: "bridge"
            case .none: "none"
            case .host: "host"
            case .named(let name): name
            }
        }
    }

    /// A limit of the processes, as by `ulimit`.
    package struct Ulimit: Sendable, Equatable {
        /// Such as `nofile`.
        package var name: String
        /// What they begin with.
        package var soft: Int64
        /// What they may raise it to; not above the engine's own hard limit.
        package var hard: Int64

        /// Makes a limit.
        package init(name: String, soft: Int64, hard: Int64) {
            self.name = name
            self.soft = soft
            self.hard = hard
        }
    }

    /// Something mounted into the container.
    package enum Mount: Sendable, Equatable {
        /// A directory or file of the host, by absolute path.
        case bind(source: String, target: String, readOnly: Bool)
        /// Memory; its pages count as the container's. The mode only holds where the image has no such directory.
        case tmpfs(target: String, sizeBytes: Int64?, mode: UInt32 = 0o1777)
        /// A named volume, made when missing; `nil` for an anonymous one, which `removeContainer` removes.
        case volume(name: String?, target: String, readOnly: Bool, labels: [String: String] = [:])

        /// Where it appears.
        package var target: String {
            switch self {
            case .bind(_, let target, _), .tmpfs(let target, _, _), .volume(_, let target, _, _): target
            }
        }
    }

    /// What the engine does when PID 1 ends.
    package enum RestartPolicy: Sendable, Equatable {
        case no
        /// After an exit other than 0, at most so many times in a row (0: without end).
        case onFailure(maximumRetries: Int)
        case unlessStopped
        case always
    }

    /// Where the engine keeps the container's output.
    package enum LogConfiguration: Sendable, Equatable {
        /// What keeps bytes exactly on that engine: Docker's `local`, Podman's default.
        case engineDefault
        /// A driver by name.
        case driver(String, options: [String: String] = [:])
    }

    /// A port of the container made reachable on the host.
    package struct PortBinding: Sendable, Equatable {
        /// Port in the container, 1…65535.
        package var containerPort: Int
        /// `tcp` or `udp`.
        package var proto: String
        /// Address of the host; `nil` for all.
        package var hostIP: String?
        /// Port of the host; 0 lets the engine choose.
        package var hostPort: Int

        /// Makes a binding.
        package init(containerPort: Int, proto: String = "tcp", hostIP: String? = nil, hostPort: Int = 0) {
            self.containerPort = containerPort
            self.proto = proto
            self.hostIP = hostIP
            self.hostPort = hostPort
        }
    }
}
