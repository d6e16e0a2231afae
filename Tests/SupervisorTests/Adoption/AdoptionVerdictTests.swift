import ContainerEngine
import Foundation
import TaskModel
import Testing
import WorkerPool

@testable import Supervisor

@Suite("Adoption verdict")
struct AdoptionVerdictTests {
    private static let warm = WorkerProfile(image: "a:1", limits: ResourceLimits(), mounts: [])
    private static let other = WorkerProfile(image: "b:1", limits: ResourceLimits(), mounts: [])
    private static let labels = [
        ContainerBlueprint.Label.workerID: "w1", ContainerBlueprint.Label.pool: "p",
        ContainerBlueprint.Label.installation: "i",
    ]

    private static func row(
        mode: WorkerMode = .docker, blueprint: String? = WorkerBlueprint(profile: warm, fingerprint: "f").text
    ) -> WorkerRecord {
        WorkerRecord(
            id: WorkerID(rawValue: "w1"), pool: "p", supervisor: SupervisorID(rawValue: "s"), installation: "i",
            host: "h",
            mode: mode,
            profile: "a:1", createdAt: Date(), blueprint: blueprint)
    }

    private static func container(
        _ status: ContainerStatus = .running, restarts: Int = 0, labels: [String: String] = labels
    ) -> AdoptionVerdict.Container {
        AdoptionVerdict.Container(labels: labels, status: status, restartCount: restarts)
    }

    private static func judge(
        _ row: WorkerRecord, _ container: AdoptionVerdict.Container?, fingerprint: String = "f"
    ) -> AdoptionVerdict {
        AdoptionVerdict.judge(row, container, installation: "i", warm: warm) { _ in fingerprint }
    }

    @Test func oneThatRunsAndFitsIsTakenOver() {
        #expect(
            Self.judge(Self.row(), Self.container())
                == .adopt(WorkerBlueprint(profile: Self.warm, fingerprint: "f"), retires: false))
    }

    @Test func oneThatWasMadeOtherwiseGoesAfterItsTask() {
        #expect(
            Self.judge(Self.row(), Self.container(), fingerprint: "g")
                == .adopt(WorkerBlueprint(profile: Self.warm, fingerprint: "f"), retires: true))
        let blueprint = WorkerBlueprint(profile: Self.other, fingerprint: "f")
        #expect(
            Self.judge(Self.row(blueprint: blueprint.text), Self.container()) == .adopt(blueprint, retires: true))
    }

    @Test(
        arguments: [
            (row(mode: .local), container()), (row(), nil), (row(blueprint: nil), container()),
            (row(blueprint: "{}"), container()), (row(), container(.exited)), (row(), container(.created)),
            (row(), container(.paused)), (row(), container(.restarting)), (row(), container(restarts: 1)),
            (row(), container(labels: [:])),
            (row(), container(labels: labels.merging([ContainerBlueprint.Label.installation: "j"]) { $1 })),
            (row(), container(labels: labels.merging([ContainerBlueprint.Label.pool: "q"]) { $1 })),
            (row(), container(labels: labels.merging([ContainerBlueprint.Label.workerID: "w2"]) { $1 })),
        ] as [(WorkerRecord, AdoptionVerdict.Container?)])
    func whatCannotBeTakenOverIsReapedForAReason(row: WorkerRecord, container: AdoptionVerdict.Container?) {
        guard case .reap(let reason) = Self.judge(row, container) else {
            Issue.record("taken over")
            return
        }
        #expect(!reason.isEmpty)
    }
}
