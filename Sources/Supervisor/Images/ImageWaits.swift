internal import TaskStore

/// Which images attempts wait for, and what may be claimed meanwhile. Pure.
///
/// Each attempt that waits holds a claim that other supervisors might have use for, so no more wait than the pool can run
/// once their images are there. When so many do, tasks of these images are passed over; that of others can only be
/// looked for by claiming a task of it, so that more come to wait when that one hangs, too. That ends at four times as
/// many: then only images are left that were there before. One of them that has to be pulled again is not left out, because
/// nobody else would pull it: where that hangs, too, its tasks are passed over as soon as the first of them wait.
struct ImageWaits: Equatable {
    /// What may be claimed.
    struct Allowance: Equatable {
        /// At most so many tasks.
        var limit: Int
        /// Of these images.
        var images: ImageChoice
    }

    /// Attempts that may wait at once even in a smaller pool, so that one image does not hold up the others.
    private static let leastRoom = 4
    /// How many times the room all attempts together may take that wait for images that are passed over.
    private static let mostRooms = 4

    private var attempts: [String: Int] = [:]
    private var count = 0

    /// An attempt begins to wait.
    mutating func enter(_ image: String) {
        attempts[image, default: 0] += 1
        count += 1
    }

    /// An attempt waits no more.
    mutating func leave(_ image: String) {
        guard let waiting = attempts[image] else { return }
        attempts[image] = waiting > 1 ? waiting - 1 : nil
        count -= 1
    }

    /// What may be claimed now by a pool of so many slots, whose tasks get the image `standard` unless they name one.
    ///
    /// - Parameter known: the images that were there when last looked for, however long ago.
    func allowance(slots: Int, standard: String, known: () -> Set<String>) -> Allowance {
        let room = max(slots, Self.leastRoom)
        if count < room { return Allowance(limit: room - count, images: .any) }
        let most = room * Self.mostRooms
        guard count < most else {
            return Allowance(limit: .max, images: .only(Self.names(known().subtracting(attempts.keys), standard)))
        }
        return Allowance(limit: most - count, images: .allBut(Self.names(Set(attempts.keys), standard)))
    }

    /// How tasks ask for these images.
    private static func names(_ images: Set<String>, _ standard: String) -> Set<String?> {
        let names = Set(images.map { Optional($0) })
        return images.contains(standard) ? names.union([nil]) : names
    }
}
