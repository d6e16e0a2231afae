/// The measures that are numbers. Pure.
enum LimitMeasures {
    /// What a cgroup limits; `nil` is no limit.
    static func cgroup(
        memory: Int64?, hasSwap: Bool, processes: Int64?, cpus: Double?, found: CgroupLimits?
    ) -> [SecurityMeasure] {
        var measures = [
            SecurityMeasure(
                "memory", wanted: bytes(memory ?? .max), inForce: found?.memory.map(bytes),
                orElse: "memory: it can use another amount than it was given")
        ]
        if !hasSwap {
            let swap = found?.memoryAndSwap.map { all in
                all <= memory ?? .max ? "none" : all == .max ? "unlimited" : bytes(all - (memory ?? 0))
            }
            measures.append(
                SecurityMeasure(
                    "swap", wanted: "none", inForce: swap, orElse: "swap: it can use some beyond its memory"))
        }
        if let cpus {
            let isEqual = found?.cpus.map { abs($0 - cpus) < 0.01 } ?? false
            measures.append(
                SecurityMeasure(
                    "cpu", wanted: cores(cpus), inForce: isEqual ? cores(cpus) : found?.cpus.map(cores),
                    orElse: "cpu: it can use other than the cores it was given"))
        }
        measures.append(
            SecurityMeasure(
                "processes", wanted: count(processes ?? .max), inForce: found?.processes.map(count),
                orElse: "processes: it can start another number than it was given"))
        return measures
    }

    /// A resource limit of processes, by its short name; with `isAtMost` a lower one is as good.
    static func ulimit(_ name: String, _ wanted: UInt64, _ facts: ProcessFacts?, isAtMost: Bool = false)
        -> SecurityMeasure
    {
        let names = [
            "nofile": "Max open files", "nproc": "Max processes", "core": "Max core file size",
            "fsize": "Max file size", "memlock": "Max locked memory", "stack": "Max stack size",
        ]
        guard let limit = names[name].flatMap({ facts?.limits[$0] }) else {
            return SecurityMeasure("ulimit \(name)", wanted: "\(wanted)", inForce: nil, orElse: "")
        }
        let inForce = limit.hard.map(String.init) ?? "unlimited"
        let isLower = isAtMost && limit.hard.map { $0 < wanted } ?? false
        return SecurityMeasure(
            "ulimit \(name)", wanted: isLower ? inForce : "\(wanted)", inForce: inForce,
            orElse: "ulimit \(name): the limit is another than was asked for")
    }

    private static func cores(_ count: Double) -> String {
        count.isInfinite ? "unlimited" : count == count.rounded() ? "\(Int(count))" : "\((count * 100).rounded() / 100)"
    }

    private static func bytes(_ count: Int64) -> String {
        count == .max ? "unlimited" : count % (1 << 20) == 0 ? "\(count >> 20) MiB" : "\(count) bytes"
    }

    private static func count(_ number: Int64) -> String { number == .max ? "unlimited" : "\(number)" }
}
