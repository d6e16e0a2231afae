import Testing

@testable import Supervisor

@Suite("Garbage verdict")
struct GarbageVerdictTests {
    struct Row: CustomTestStringConvertible {
        let name: String
        let object: PoolObject
        let owners: GarbageVerdict.Owners
        let isRemoved: Bool

        var testDescription: String { name }
    }

    private static func object(
        _ kind: PoolObject.Kind, worker: String? = "w", supervisor: String? = nil, isAlive: Bool = false,
        isKept: Bool = false, isShared: Bool = false
    ) -> PoolObject {
        var object = PoolObject(kind: kind, name: "n", worker: worker, supervisor: supervisor)
        (object.isAlive, object.isKept, object.isShared) = (isAlive, isKept, isShared)
        return object
    }

    private static let nobody = GarbageVerdict.Owners(supervisor: "s")
    private static let others = GarbageVerdict.Owners(
        living: ["x"], supervisor: "s", awaited: ["y"], contained: ["x"], recorded: ["x", "y"])

    /// What holds for every kind.
    private static func common(_ kind: PoolObject.Kind) -> [Row] {
        [
            Row(
                name: "\(kind) of a living worker", object: object(kind), owners: .init(living: ["w"], supervisor: "s"),
                isRemoved: false),
            Row(
                name: "\(kind) of an awaited worker", object: object(kind), owners: .init(awaited: ["w"]),
                isRemoved: false),
            Row(
                name: "\(kind) of a worker whose container nobody can look for", object: object(kind),
                owners: .init(unseen: ["w"]), isRemoved: false),
            Row(name: "\(kind) of nobody", object: object(kind), owners: nobody, isRemoved: true),
            Row(name: "\(kind) beside others", object: object(kind), owners: others, isRemoved: true),
        ]
    }

    static let rows: [Row] = PoolObject.Kind.allCases.flatMap(common) + special

    private static let special: [Row] = [
        Row(
            name: "a kept container that ended", object: object(.container, isKept: true), owners: nobody,
            isRemoved: false),
        Row(
            name: "a kept container that runs", object: object(.container, isAlive: true, isKept: true),
            owners: nobody, isRemoved: true),
        Row(
            name: "a container without a worker", object: object(.container, worker: nil), owners: nobody,
            isRemoved: true),
        Row(
            name: "the network of this supervisor", object: object(.network, worker: nil, supervisor: "s"),
            owners: nobody, isRemoved: false),
        Row(
            name: "the network of another supervisor", object: object(.network, worker: nil, supervisor: "t"),
            owners: nobody, isRemoved: true),
        Row(
            name: "a volume while no supervisor runs", object: object(.volume, worker: nil, supervisor: "s"),
            owners: .init(), isRemoved: true),
        Row(
            name: "a directory whose container could not be removed", object: object(.directory),
            owners: .init(contained: ["w"]), isRemoved: false),
        Row(
            name: "a workspace of a worker of another pool", object: object(.directory, isShared: true),
            owners: .init(recorded: ["w"]), isRemoved: false),
        Row(
            name: "a directory of this pool with a row", object: object(.directory),
            owners: .init(recorded: ["w"]), isRemoved: true),
        Row(
            name: "a row whose container is there", object: object(.row), owners: .init(contained: ["w"]),
            isRemoved: false),
    ]

    @Test(arguments: rows)
    func isJudged(_ row: Row) {
        switch GarbageVerdict.judge(row.object, row.owners) {
        case .keep(let reason): #expect(!row.isRemoved && !reason.isEmpty)
        case .remove(let reason): #expect(row.isRemoved && !reason.isEmpty)
        }
    }
}
