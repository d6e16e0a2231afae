internal import ControlPlane

extension Listing where Item == WorkerSummary {
    /// Workers in a table, as ids or as JSON.
    static func workers(_ workers: [WorkerSummary]) -> Listing {
        // Only a pool in trouble has something to say there.
        let hasReasons = workers.contains { $0.reason != nil }
        return Listing(
            items: workers,
            columns: (["id", "container", "status", "profile", "task"] + (hasReasons ? ["reason"] : [])).map {
                Table.Column(title: $0)
            },
            cells: { worker in
                [
                    Table.Cell(worker.id), Table.Cell(String((worker.containerID ?? "").prefix(12))),
                    Table.Cell(worker.status, worker.style), Table.Cell(worker.profile), Table.Cell(worker.task ?? ""),
                ] + (hasReasons ? [Table.Cell(worker.reason ?? "")] : [])
            },
            id: \.id, json: \.withoutEvents)
    }

    /// What workers use, in a table or as JSON.
    static func stats(_ workers: [WorkerSummary]) -> Listing {
        Listing(
            items: workers,
            columns: ["id", "status", "cpu", "memory", "limit", "processes", "read", "written", "received", "sent"].map
            {
                Table.Column(title: $0, isRight: !["id", "status"].contains($0))
            },
            cells: { worker in
                let usage = worker.usage
                func size(_ field: KeyPath<WorkerSummary.Usage, UInt64>) -> Table.Cell {
                    Table.Cell(usage.map { HumanText.bytes($0[keyPath: field]) } ?? "")
                }
                // Without a network of its own there is nothing to tell.
                func traffic(_ field: KeyPath<WorkerSummary.Usage, UInt64?>) -> Table.Cell {
                    Table.Cell(usage.map { $0[keyPath: field].map(HumanText.bytes) ?? "-" } ?? "")
                }
                return [
                    Table.Cell(worker.id), Table.Cell(worker.status, worker.style),
                    Table.Cell(usage.map { percent($0.cpuCores) } ?? ""), size(\.memoryBytes),
                    Table.Cell(
                        usage.map { $0.memoryLimitBytes > 0 ? HumanText.bytes($0.memoryLimitBytes) : "none" } ?? ""),
                    Table.Cell(usage.map { processes($0) } ?? ""), size(\.blockRead), size(\.blockWritten),
                    traffic(\.networkReceived), traffic(\.networkSent),
                ]
            },
            id: \.id, json: \.withoutEvents)
    }

    /// Cores as percent of one core, as `top` and `docker stats` show it.
    private static func percent(_ cores: Double) -> String {
        let tenths = Int((cores * 1000).rounded())
        return "\(tenths / 10).\(tenths % 10)%"
    }

    private static func processes(_ usage: WorkerSummary.Usage) -> String {
        usage.processLimit > 0 ? "\(usage.processes)/\(usage.processLimit)" : String(usage.processes)
    }
}

extension WorkerSummary {
    /// How its status looks.
    var style: TextStyle {
        switch status {
        case "idle": .good
        case "busy": .active
        case "failed", "unhealthy", "crashLooping": .bad
        case "draining", "stopping", "backingOff": .attention
        default: .plain
        }
    }
}
