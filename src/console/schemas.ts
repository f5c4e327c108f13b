import Type from "typebox";

const errorRep = Type.Object(
  {
    code: Type.String({ description: "Stable, for programs." }),
    message: Type.String({ description: "For people." }),
    errors: Type.Optional(
      Type.Array(
        Type.Object({
          path: Type.String({ description: "JSON pointer of the place in the body." }),
          code: Type.String(),
          message: Type.String(),
        }),
      ),
    ),
  },
  { description: "What is wrong." },
);

/** For every route. */
export const errorAnswers = { "4xx": errorRep, "5xx": errorRep };
