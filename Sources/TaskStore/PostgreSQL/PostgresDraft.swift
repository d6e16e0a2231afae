internal import PostgreSQL
internal import TaskModel

/// A task about to be stored.
struct PostgresDraft: Sendable {
    let id = TaskID.next()
    let key: UUIDBytes
    let spec: TaskSpec
    let json: String

    init(_ spec: TaskSpec) throws(StoreError) {
        guard let key = UUIDBytes(id.rawValue) else {
            throw StoreError(.internal, "a task id is no UUID", operation: "submit")
        }
        self.key = key
        self.spec = spec
        json = try SpecCoding.encode(spec, operation: "submit")
    }

    /// Whether it is not due at once.
    var isPending: Bool { spec.delay > 0 }

    var delay: Int64 { StoredTime.milliseconds(seconds: max(0, spec.delay)) }
    var queue: String { StoredText.clean(spec.queue) }
    var uniqueKey: String? { StoredText.clean(spec.unique?.key) }
    /// For how long the key keeps others out after the end, in milliseconds.
    var span: Int64 { StoredTime.milliseconds(seconds: max(0, spec.unique?.window ?? 0)) }
    var isContained: Bool { spec.isolation == .container }
    var rank: Int64 { PostgresRank.of(priority: spec.priority) }
    var lane: String { PostgresLane.of(image: spec.image) }
    /// Its own time limit, in milliseconds.
    var hold: Int64? { spec.timeout.map { StoredTime.milliseconds(seconds: max(0, $0)) } }
    var type: String? { StoredText.clean(spec.type) }

    /// The parameters of a statement that stores it alone.
    func values(_ clock: PostgresValue, _ me: PostgresValue) -> [PostgresValue] {
        [
            .uuid(key), .text(json), .text(queue), .bool(isContained), .int(rank), .int(delay), .bool(isPending),
            .text(lane), .double(spec.ttl), .text(uniqueKey), .int(span),
            .int(StoredTime.latestMilliseconds), clock, me, .int(hold), .text(type),
        ]
    }

    /// The task as it reads when stored at `now`.
    func task(at now: Int64) -> QueuedTask {
        var task = QueuedTask(id: id, spec: spec, createdAt: StoredTime.date(now))
        task.runAt = StoredTime.date(StoredTime.add(delay, to: now))
        return task
    }
}

/// Drafts as columns.
struct PostgresDraftColumns {
    private let drafts: [PostgresDraft]
    private let queues: [String]
    private let keys: [String?]

    init(_ drafts: [PostgresDraft]) {
        self.drafts = drafts
        queues = drafts.map(\.queue)
        keys = drafts.map(\.uniqueKey)
    }

    /// For statements about keys: the queues as `$1` and the keys as `$2`; `nil` when none has a key.
    var keysOfQueues: [PostgresValue]? { keys.contains { $0 != nil } ? [.texts(queues), .texts(keys)] : nil }

    /// The queues that get tasks, also such as wait for their time: whoever doesn't poll has to remember when that is.
    var grown: Set<String> { Set(queues) }

    /// The statement that stores them, which is another one for tasks with keys and for one alone.
    func accept(clock: PostgresValue, me: PostgresValue) -> PostgresQuery {
        let delayed = drafts.contains(where: \.isPending)
        if keysOfQueues != nil { return PostgresQuery(PostgresSubmitSQL.accept, columns(clock, me)) }
        guard drafts.count == 1, let draft = drafts.first else {
            return PostgresQuery(PostgresSubmitSQL.acceptAll(.many, delayed: delayed), columns(clock, me))
        }
        return PostgresQuery(PostgresSubmitSQL.acceptAll(.one, delayed: delayed), draft.values(clock, me))
    }

    private func columns(_ clock: PostgresValue, _ me: PostgresValue) -> [PostgresValue] {
        [
            .uuids(drafts.map(\.key)), .texts(drafts.map(\.json)), .texts(queues), .bools(drafts.map(\.isContained)),
            .ints(drafts.map(\.rank)), .ints(drafts.map(\.delay)), .bools(drafts.map(\.isPending)),
            .texts(drafts.map(\.lane)), .doubles(drafts.map(\.spec.ttl)), .texts(keys), .ints(drafts.map(\.span)),
            .int(StoredTime.latestMilliseconds), clock, me, .ints(drafts.map(\.hold)), .texts(drafts.map(\.type)),
        ]
    }
}

/// How a priority is kept, so that an ascending index has the best first: its complement, which always exists.
enum PostgresRank {
    static func of(priority: Int) -> Int64 { ~Int64(priority) }
}
