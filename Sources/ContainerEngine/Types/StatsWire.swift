// Members of what is encoded or decoded have the names of the wire.
// swift-format-ignore-file: AlwaysUseLowerCamelCase

import FoundationEssentials

/// `GET /containers/{id}/stats`, of both engines and both cgroup versions.
struct StatsWire: Decodable {
    let read: String?
    let cpu_stats: CPU?
    let memory_stats: Memory?
    let pids_stats: PIDs?
    let networks: [String: Network]?
    let blkio_stats: BlockIO?

    struct CPU: Decodable {
        let cpu_usage: Usage?
        struct Usage: Decodable { let total_usage: UInt64? }
    }
    struct Memory: Decodable {
        let usage: UInt64?
        let limit: UInt64?
        let stats: Details?
        struct Details: Decodable {
            let total_inactive_file: UInt64?
            let inactive_file: UInt64?
        }
    }
    struct PIDs: Decodable { let current: UInt64? }
    struct Network: Decodable {
        let rx_bytes: UInt64?
        let tx_bytes: UInt64?
    }
    struct BlockIO: Decodable {
        let io_service_bytes_recursive: [Entry]?
        struct Entry: Decodable {
            let op: String?
            let value: UInt64?
        }
    }

    /// The counters; `nil` for the zeroed answer of a container that does not run.
    func sample(id: String, quirks: Quirks) -> ContainerStatsSample? {
        guard let readAt = read.flatMap(EngineTime.date) else { return nil }
        let usage = memory_stats?.usage ?? 0
        // Version 1 names the hierarchy's sum with `total_`; its plain name would be the container's root group alone.
        let cache = memory_stats?.stats?.total_inactive_file ?? memory_stats?.stats?.inactive_file
        let received = (networks ?? [:]).values.reduce(0) { $0 &+ ($1.rx_bytes ?? 0) }
        let sent = (networks ?? [:]).values.reduce(0) { $0 &+ ($1.tx_bytes ?? 0) }
        func blocks(_ operation: String) -> UInt64 {
            (blkio_stats?.io_service_bytes_recursive ?? []).reduce(0) {
                $1.op?.lowercased() == operation ? $0 &+ ($1.value ?? 0) : $0
            }
        }
        return ContainerStatsSample(
            id: id, cpuNanos: cpu_stats?.cpu_usage?.total_usage ?? 0, memoryUsage: usage,
            memoryLimit: memory_stats?.limit ?? 0, workingSet: cache.map { usage > $0 ? usage - $0 : usage },
            pids: pids_stats?.current ?? 0, rx: quirks.swapsNetworkCounters ? sent : received,
            tx: quirks.swapsNetworkCounters ? received : sent, blkRead: blocks("read"), blkWrite: blocks("write"),
            readAt: readAt)
    }
}

/// Podman's `GET /libpod/containers/stats`.
struct BulkStatsWire: Decodable {
    let Stats: [Entry]?

    struct Entry: Decodable {
        let ContainerID: String
        let CPUNano: UInt64?
        let MemUsage: UInt64?
        let MemLimit: UInt64?
        let PIDs: UInt64?
        let NetInput: UInt64?
        let NetOutput: UInt64?
        let BlockInput: UInt64?
        let BlockOutput: UInt64?

        func sample(readAt: Date, quirks: Quirks) -> ContainerStatsSample {
            let (input, output) = (NetInput ?? 0, NetOutput ?? 0)
            return ContainerStatsSample(
                id: ContainerID, cpuNanos: CPUNano ?? 0, memoryUsage: MemUsage ?? 0, memoryLimit: MemLimit ?? 0,
                workingSet: nil, pids: PIDs ?? 0, rx: quirks.swapsNetworkCounters ? output : input,
                tx: quirks.swapsNetworkCounters ? input : output, blkRead: BlockInput ?? 0, blkWrite: BlockOutput ?? 0,
                readAt: readAt)
        }
    }
}
