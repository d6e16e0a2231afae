package import ContainerEngine
package import Foundation

/// What a supervisor says about one worker: an element of `GET /v1/workers`.
package struct WorkerSummary: Codable, Sendable, Equatable {
    /// What a worker uses, from the last measurement.
    package struct Usage: Codable, Sendable, Equatable {
        /// CPU in cores over the last interval.
        package var cpuCores: Double
        /// Memory without page cache, in bytes.
        package var memoryBytes: UInt64
        /// The limit of that, in bytes; 0 when there is none.
        package var memoryLimitBytes: UInt64
        /// Processes and threads.
        package var processes: Int
        /// The limit of that; 0 when there is none.
        package var processLimit: Int
        /// Bytes read from block devices since the worker's start.
        package var blockRead: UInt64
        /// Bytes written to block devices since the worker's start.
        package var blockWritten: UInt64
        /// Bytes received over the worker's own network since its start; `nil` when it shares the host's.
        package var networkReceived: UInt64?
        /// Bytes sent over the worker's own network since its start; `nil` when it shares the host's.
        package var networkSent: UInt64?
        /// Whether the memory has the page cache in it, because nobody tells how much that is.
        package var memoryIncludesCache: Bool
        /// Of which resources the use is high: `cpu`, `memory`, `processes`.
        package var high: [String]

        /// Makes a measurement.
        package init(
            cpuCores: Double, memoryBytes: UInt64, memoryLimitBytes: UInt64, processes: Int, processLimit: Int,
            blockRead: UInt64 = 0, blockWritten: UInt64 = 0, networkReceived: UInt64? = nil,
            networkSent: UInt64? = nil, memoryIncludesCache: Bool = false, high: [String] = []
        ) {
            self.memoryIncludesCache = memoryIncludesCache
            self.cpuCores = cpuCores
            self.memoryBytes = memoryBytes
            self.memoryLimitBytes = memoryLimitBytes
            self.processes = processes
            self.processLimit = processLimit
            self.blockRead = blockRead
            self.blockWritten = blockWritten
            self.networkReceived = networkReceived
            self.networkSent = networkSent
            self.high = high
        }

        /// Every key is always there; what is unknown is null.
        package func encode(to encoder: any Encoder) throws {
            var container = encoder.container(keyedBy: CodingKeys.self)
            try container.encode(cpuCores, forKey: .cpuCores)
            try container.encode(memoryBytes, forKey: .memoryBytes)
            try container.encode(memoryLimitBytes, forKey: .memoryLimitBytes)
            try container.encode(processes, forKey: .processes)
            try container.encode(processLimit, forKey: .processLimit)
            try container.encode(blockRead, forKey: .blockRead)
            try container.encode(blockWritten, forKey: .blockWritten)
            try container.encode(networkReceived, forKey: .networkReceived)
            try container.encode(networkSent, forKey: .networkSent)
            try container.encode(memoryIncludesCache, forKey: .memoryIncludesCache)
            try container.encode(high, forKey: .high)
        }
    }

    /// Something that happened to a worker.
    package struct Event: Codable, Sendable, Equatable {
        /// When.
        package var at: Date
        /// In one word.
        package var kind: String
        /// In plain words; empty where the kind says it all.
        package var message: String

        /// Makes an event.
        package init(at: Date, kind: String, message: String) {
            self.at = at
            self.kind = kind
            self.message = message
        }
    }

    /// Its id.
    package var id: String
    /// `acode-worker-<id>`; `nil` for a process.
    package var containerName: String?
    /// The engine's id; `nil` for a process.
    package var containerID: String?
    /// Where it stands, in one word.
    package var status: String
    /// Image and limits in short.
    package var profile: String
    /// The task it runs.
    package var task: String?
    /// The attempt of that task.
    package var attempt: Int?
    /// The ports of the supervisor's host that lead into it.
    package var ports: [PublishedPort]
    /// What it uses; `nil` before the first measurement.
    package var usage: Usage?
    /// Why its status is `backingOff` or `crashLooping`.
    package var reason: String?
    /// When the next worker is tried in its place.
    package var retryAt: Date?
    /// What happened to it lately, the oldest first; `nil` where only many workers are told of.
    package var events: [Event]?

    /// Makes a summary.
    package init(
        id: String, containerName: String? = nil, containerID: String? = nil, status: String, profile: String,
        task: String? = nil, attempt: Int? = nil, ports: [PublishedPort] = [], usage: Usage? = nil,
        reason: String? = nil, retryAt: Date? = nil, events: [Event]? = nil
    ) {
        self.events = events
        self.id = id
        self.containerName = containerName
        self.containerID = containerID
        self.status = status
        self.profile = profile
        self.task = task
        self.attempt = attempt
        self.ports = ports
        self.usage = usage
        self.reason = reason
        self.retryAt = retryAt
    }

    /// Without what happened to it, for lists.
    package var withoutEvents: WorkerSummary {
        var summary = self
        summary.events = nil
        return summary
    }

    /// Every key but `events` is always there; what is unknown is null.
    package func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(id, forKey: .id)
        try container.encode(containerName, forKey: .containerName)
        try container.encode(containerID, forKey: .containerID)
        try container.encode(status, forKey: .status)
        try container.encode(profile, forKey: .profile)
        try container.encode(task, forKey: .task)
        try container.encode(attempt, forKey: .attempt)
        try container.encode(ports, forKey: .ports)
        try container.encode(usage, forKey: .usage)
        try container.encode(reason, forKey: .reason)
        try container.encode(retryAt, forKey: .retryAt)
        try container.encodeIfPresent(events, forKey: .events)
    }
}
