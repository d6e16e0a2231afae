package import TaskModel

/// The limits a task gets.
package struct ResourceGrant: Sendable, Equatable {
    /// Those of its worker.
    package var limits: ResourceLimits
    /// What it may have on disk in MiB; `nil` is no limit.
    package var diskMb: Int?
}

extension ContainerResources {
    /// What a task that asks for `request` gets: the request where it names a value, else the pool's.
    ///
    /// - Throws: every value that is above the pool's or below the smallest that works, with both numbers.
    package func granting(_ request: ResourceRequest) throws(ResourceRequestError) -> ResourceGrant {
        var problems: [String] = []
        var granted = limits
        do {
            granted = try limits.applying(request)
        } catch {
            problems = error.problems
        }
        if let asked = request.diskMb {
            if diskMb > 0, asked > diskMb { problems.append("diskMb \(asked) is above the pool's limit of \(diskMb)") }
            if asked < 1 { problems.append("diskMb \(asked) is below the smallest that works, 1") }
        }
        guard problems.isEmpty else { throw ResourceRequestError(problems: problems) }
        return ResourceGrant(limits: granted, diskMb: request.diskMb ?? (diskMb > 0 ? diskMb : nil))
    }
}
