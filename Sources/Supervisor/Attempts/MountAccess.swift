internal import Glibc
internal import Settings
internal import TaskModel
internal import WorkerPool

/// Tells beforehand that a worker's user can't use what is mounted: the most common reason why a task in a container
/// fails at its first file. Pure; the kernel may know better where user namespaces or access lists are in use, so this is
/// a hint and no refusal.
struct MountAccess {
    /// Who the worker runs as.
    let user: ContainerUser
    /// Whether the task itself named that user.
    var isOfTask = false
    /// Who that user is on this host.
    var users = UserMapping.same

    /// What is wrong with a mount whose source has this owner and mode, and what to do; `nil` when nothing is.
    func hint(_ mount: MountSpec, owner: UInt32, group: UInt32, mode: UInt32, isDirectory: Bool) -> String? {
        let outside = users.outside(user)
        // Without capabilities root is a user like any other.
        let shift: UInt32 = outside.uid == owner ? 6 : outside.gid == group ? 3 : 0
        let bits = mode >> shift & 7
        let reads = isDirectory ? 5 as UInt32 : 4
        let wanted = mount.readOnly ? reads : reads | 2
        guard bits & wanted != wanted else { return nil }
        let canRead = bits & reads == reads
        let text = String(mode & 0o777, radix: 8)
        var fix = "chown it to \(outside.uid)"
        if owner == 0 || outside != user {
            fix += mount.readOnly ? ", or give others the right to read it" : ""
        } else {
            fix += ", or \(isOfTask ? "let the task run as" : "set workers.docker.user to") \(owner):\(group)"
        }
        let who = outside == user ? "" : " (\(outside.uid) on this host)"
        return
            "\(mount.source) belongs to uid \(owner) (mode 0\(text)) and the worker runs as uid \(user.uid)\(who), which "
            + "can't \(canRead ? "write to" : "read") it: \(fix)"
    }

    /// The same for what is on the disk. Blocks.
    func hint(_ mount: MountSpec) -> String? {
        var status = stat()
        guard stat(mount.source, &status) == 0 else { return nil }
        return hint(
            mount, owner: status.st_uid, group: status.st_gid, mode: status.st_mode,
            isDirectory: status.st_mode & S_IFMT == S_IFDIR)
    }
}
