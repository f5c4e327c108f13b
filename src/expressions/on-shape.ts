// The key `on` of every stage that works on either shape. It decides what neighbours the stage fits between.

import Type from "typebox";

export const onShape = Type.Union([Type.Literal("export-event"), Type.Literal("segment-event")], {
  default: "export-event",
  description:
    "What `event` is: LaunchDarkly's event, before the transform segment-event; or the Segment event, after it.",
});
