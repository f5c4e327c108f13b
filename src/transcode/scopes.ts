// What holds for all events of one project and environment: what is exported, who receives it, and the bytes that are
// the same in each. Looked up anew for each block, so that an edit applies to the next one.

import type { Enablement, EnvironmentExport } from "../engine/contracts.ts";
import { messageIdPrefix } from "../transforms/segment-event/message-id.ts";
import { IdInput } from "./event-stamp.ts";
import type { Places } from "./places.ts";
import { sameBytes, TEXTS } from "./places.ts";
import type { KindsOfIds } from "../transforms/segment-event/identity.ts";
import type { KindBytes } from "./who-bytes.ts";

/** What is asked of a destination here: nothing secret, so that it may go to another thread. */
export interface ReceiverSettings {
  readonly id: string;
  readonly config: KindsOfIds;
}

/** As `Destinations` has it. */
export interface ReceiversOf {
  forEnvironment(project: string, environment: string): readonly ReceiverSettings[];
}

export interface ReceiverBytes extends KindBytes {
  /** Index of its lane. */
  readonly lane: number;
  readonly id: IdInput;
}

export interface Scope {
  readonly environment: string;
  /** Both names as they stood in the datum before, with what is between them. */
  bytes: Buffer;
  /** `,"project":"…","environment":"…"` */
  readonly inProperties: Buffer;
  /** `{"environment":"…","integrations":{},"messageId":"ld-` */
  readonly aliasHead: Buffer;
  /** `"project":"…"` */
  readonly aliasProject: Buffer;
  exported: EnvironmentExport | undefined;
  list: readonly ReceiverSettings[];
  receivers: readonly ReceiverBytes[];
  block: number;
}

/** Beyond this many all are forgotten: a file of made-up environments must not fill the memory. */
const MAX_SCOPES = 1_000;
/** Two names that are further apart are looked up by their texts. */
const MAX_BYTES = 512;

export class Scopes {
  readonly lanes: string[] = [];
  private readonly known = new Map<string, Scope>();
  private last: Scope | undefined;
  private block = 0;

  constructor(
    private readonly destinations: ReceiversOf,
    private readonly enablement: Enablement,
    private readonly laneOf: (destination: string) => string,
  ) {}

  /** From here on destinations and enablement are asked again. */
  beginBlock(): void {
    this.block += 1;
    this.last = undefined;
  }

  /** Of the datum that `places` was filled from. Both names are texts that are not empty. */
  of(places: Places): Scope {
    const { buf, from, to } = places;
    // The two stand next to each other in our schema and in JSON; elsewhere they cannot be compared at once.
    const start = from[TEXTS.project]!;
    const end = to[TEXTS.environment]!;
    const { last } = this;
    if (last && last.bytes.length === end - start && sameBytes(last.bytes, 0, buf, start, end - start))
      return last;
    const project = buf.toString("utf8", start, to[TEXTS.project]!);
    const environment = buf.toString("utf8", from[TEXTS.environment]!, end);
    const scope = this.find(project, environment);
    const isShort = end > start && end - start <= MAX_BYTES;
    if (isShort && !scope.bytes.equals(buf.subarray(start, end)))
      scope.bytes = Buffer.from(buf.subarray(start, end));
    this.last = scope;
    return scope;
  }

  private find(project: string, environment: string): Scope {
    const key = JSON.stringify([project, environment]);
    const scope = this.known.get(key) ?? this.make(key, project, environment);
    if (scope.block === this.block) return scope;
    scope.exported = this.enablement.forEnvironment(project, environment);
    const list = this.destinations.forEnvironment(project, environment);
    if (list !== scope.list) {
      scope.receivers = list.map((destination) => this.receiver(destination, project, environment));
      scope.list = list;
    }
    scope.block = this.block; // Last: what was broken off is begun again.
    return scope;
  }

  private make(key: string, project: string, environment: string): Scope {
    const [p, e] = [JSON.stringify(project), JSON.stringify(environment)];
    const scope: Scope = {
      environment,
      bytes: Buffer.alloc(0),
      inProperties: Buffer.from(`,"project":${p},"environment":${e}`),
      aliasHead: Buffer.from(`{"environment":${e},"integrations":{},"messageId":"ld-`),
      aliasProject: Buffer.from(`"project":${p}`),
      exported: undefined,
      list: [],
      receivers: [],
      block: 0,
    };
    if (this.known.size >= MAX_SCOPES) this.known.clear();
    this.known.set(key, scope);
    return scope;
  }

  private receiver(destination: ReceiverSettings, project: string, environment: string): ReceiverBytes {
    const kinds = destination.config;
    return {
      lane: this.lane(this.laneOf(destination.id)),
      kinds,
      user: Buffer.from(kinds.userIdContextKind),
      anonymous: Buffer.from(kinds.anonymousIdContextKind),
      id: new IdInput(messageIdPrefix({ destination: destination.id, project, environment })),
    };
  }

  private lane(name: string): number {
    const known = this.lanes.indexOf(name);
    return known >= 0 ? known : this.lanes.push(name) - 1;
  }
}
